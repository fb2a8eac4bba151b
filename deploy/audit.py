"""Known vulnerabilities of the locked dependencies, for `make check`: `python deploy/audit.py LOCK`.

pip-audit (2.10) passes over every package that its source does not know, and ends with code 0: behind a mirror without
vulnerability data it finds nothing in nothing. Here what was asked counts:

    0  all packages were asked about, and none has a known vulnerability
    0  with a warning: the source cannot be reached or knows none of them, so nothing was learnt. A check that fails for
       want of a network would be switched off; `--strict`, for a release, makes it a failure
    1  a vulnerability is known, or some packages only were asked about
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SECONDS = 300


def main(lock: Path, *, strict: bool) -> int:
    """Ask pip-audit, say what was learnt in one sentence, and give the exit code."""
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    try:
        done = subprocess.run(
            [*command, "--format", "json", "--requirement", str(lock)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        code, sentence = judge(json.loads(done.stdout)["dependencies"], strict=strict)
    except (ValueError, KeyError, subprocess.TimeoutExpired):
        code, sentence = _nothing_learnt("the source of vulnerability data cannot be reached", strict=strict)
    print(f"audit of {lock.name}: {sentence}", file=sys.stderr)  # noqa: T201 - a script for a terminal
    return code


def judge(packages: list[dict[str, Any]], *, strict: bool) -> tuple[int, str]:
    """Exit code and sentence for pip-audit's answer, its list of dependencies."""
    asked = [package for package in packages if "skip_reason" not in package]
    found = [f"{p['name']} {p['version']}: {v['id']}{_fixed(v)}" for p in asked for v in p["vulns"]]
    if found:
        return 1, f"{len(found)} known vulnerabilities, update with `make lock`: {'; '.join(found)}"
    if not asked:
        return _nothing_learnt("its source knows none of the packages", strict=strict)
    if len(asked) < len(packages):
        left = ", ".join(sorted(p["name"] for p in packages if p not in asked))
        return 1, f"{len(asked)} of {len(packages)} packages were asked about, not {left}: run it again"
    return 0, f"{len(asked)} packages, no known vulnerability"


def _fixed(vulnerability: dict[str, Any]) -> str:
    versions = vulnerability.get("fix_versions")
    return f" (fixed in {', '.join(versions)})" if versions else ""


def _nothing_learnt(why: str, *, strict: bool) -> tuple[int, str]:
    return int(strict), f"NOT AUDITED, {why}; run `make check` where pypi.org is reached before a release"


if __name__ == "__main__":
    locks = [argument for argument in sys.argv[1:] if argument != "--strict"]
    sys.exit(main(Path(locks[0]), strict="--strict" in sys.argv))
