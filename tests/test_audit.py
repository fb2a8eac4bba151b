"""`make check`: what is said of the dependencies, and what is not said where nothing was learnt."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / "deploy" / "audit.py"
GOOD = {"name": "yarl", "version": "1.0", "vulns": []}
BAD = {"name": "jinja2", "version": "3.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["3.1"]}]}
UNKNOWN = {"name": "wasabi", "skip_reason": "Dependency not found on PyPI"}


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("packages", "strict", "code", "words"),
    [
        ([GOOD], False, 0, "1 packages, no known vulnerability"),
        ([GOOD, BAD], False, 1, "jinja2 3.0: PYSEC-2026-1 (fixed in 3.1)"),
        ([GOOD, UNKNOWN], False, 1, "1 of 2 packages were asked about, not wasabi"),
        ([UNKNOWN], False, 0, "NOT AUDITED"),
        ([UNKNOWN], True, 1, "NOT AUDITED"),
        ([], True, 1, "NOT AUDITED"),
    ],
)
def test_only_what_was_asked_counts(
    audit: ModuleType, packages: list[dict[str, Any]], strict: bool, code: int, words: str
) -> None:
    found, said = audit.judge(packages, strict=strict)
    assert found == code
    assert words in said


def test_without_an_answer_it_says_so(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(audit.sys, "executable", "/bin/false")
    assert audit.main(tmp_path / "some.lock", strict=False) == 0
    assert audit.main(tmp_path / "some.lock", strict=True) == 1
    assert capsys.readouterr().err.count("audit of some.lock: NOT AUDITED") == 2
