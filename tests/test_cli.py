"""The command line as a person meets it: help, version, errors in one sentence, everything documented."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import typer

from services.cli.main import app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs" / "commands.md"
NOWHERE = {"LAGEBILD_BOOTSTRAP_SERVERS": "127.0.0.1:9"}


def lagebild(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    path = str(Path(sys.executable).parent)
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={"PATH": f"{path}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "COLUMNS": "120", **environment},
        timeout=120,
        check=False,
    )


def commands() -> Iterator[tuple[str, object]]:
    def walk(group: object, names: tuple[str, ...]) -> Iterator[tuple[str, object]]:
        for name, command in group.commands.items():  # type: ignore[attr-defined]
            if hasattr(command, "commands"):
                yield from walk(command, (*names, name))
            else:
                yield " ".join((*names, name)), command

    return walk(typer.main.get_command(app), ("lagebild",))


def test_every_command_and_no_other_is_documented() -> None:
    headings = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("### ")]
    assert sorted(headings) == sorted(f"### `{name}`" for name, _ in commands())


def test_every_command_and_option_says_what_it_is_for() -> None:
    for name, command in commands():
        assert command.help, name  # type: ignore[attr-defined]
        for parameter in command.params:  # type: ignore[attr-defined]
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


def test_a_command_loads_only_what_it_needs() -> None:
    """Services start by it too, and have to be back soon after a crash."""
    told = "import sys, services.cli.main; print(*{'spacy', 'sqlalchemy', 'onnxruntime'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, cwd=ROOT, check=True)
    assert result.stdout.strip() == ""


def test_version() -> None:
    result = lagebild("--version")
    assert (result.returncode, result.stdout.strip()) == (0, f"lagebild {version('lagebild')}")


def test_without_arguments_it_explains_itself() -> None:
    result = lagebild()
    assert "Usage: " in result.stdout + result.stderr
    assert "extract" in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (("topics", "create"), NOWHERE, ("no Kafka broker answers at 127.0.0.1:9", "lagebild broker")),
        (("topics", "create"), {"LAGEBILD_BOOTSTRAP_SERVERS": "nonsense"}, ("nonsense",)),
        (("topics", "create"), {"LAGEBILD_PARTITIONS": "many"}, ("LAGEBILD_PARTITIONS", "settings --describe")),
        (("produce", "no-such-file.txt"), NOWHERE, ("no-such-file.txt",)),
        (("extract", "no-such-file.txt"), {}, ("no-such-file.txt",)),
        (("events",), {"LAGEBILD_DATABASE": "oracle://x"}, ("oracle",)),
        (("report", "no-such-file.txt"), {}, ("no-such-file.txt",)),
        (("topics", "create"), {**NOWHERE, "LAGEBILD_SECURITY_PROTOCOL": "SASL_SSL"}, ("LAGEBILD_SASL_USERNAME",)),
        (("demo", "no-such-folder"), {}, ("no-such-folder",)),
    ],
)
def test_what_a_person_can_mend_is_one_sentence_with_the_remedy(
    arguments: tuple[str, ...], environment: dict[str, str], words: tuple[str, ...], tmp_path: Path
) -> None:
    result = lagebild(*arguments, cwd=tmp_path, **environment)
    assert result.returncode in (1, 2), result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize(("missing", "words"), [("java", "openjdk"), ("mvn", "maven")])
def test_a_missing_program_is_named_with_its_package(missing: str, words: str, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    if missing != "java":
        (programs / "java").symlink_to("/usr/bin/java")
    result = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "broker", "--port", "0"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": str(programs), "PYTHONPATH": str(ROOT), "LAGEBILD_KAFKA_CACHE": str(tmp_path / "cache")},
        timeout=60,
        check=False,
    )
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert words in result.stderr.lower()


def test_doctor_names_each_failure_with_its_remedy(tmp_path: Path) -> None:
    result = lagebild("doctor", cwd=tmp_path, **NOWHERE)
    assert result.returncode == 1
    assert "Traceback" not in result.stdout + result.stderr
    assert "lagebild broker" in " ".join(result.stdout.split())


def test_doctor_offline_is_content() -> None:
    result = lagebild("doctor", "--offline")
    assert result.returncode == 0, result.stdout
    assert "records in a test sentence" in " ".join(result.stdout.split())
