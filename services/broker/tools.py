"""The two programs the local broker needs: Java 17 or newer, and Maven to fetch Kafka's jars once."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from services.common.errors import UserError

MINIMUM_JAVA = 17


def java() -> str:
    """Path of a Java of at least version 17: of ``JAVA_HOME`` where set, else of ``PATH``.

    Raises:
        UserError: there is none, it does not run, or it is too old.
    """
    remedy = "install it, e.g. `apt-get install openjdk-17-jre-headless`, or set JAVA_HOME"
    program = _of_java_home() or shutil.which("java")
    if program is None:
        raise UserError("Java 17 or newer is needed for the local broker and was not found", remedy=remedy)
    version = _java_version(program)
    if version is None:
        raise UserError(f"{program} does not run as Java (`java -version` told no version)", remedy=remedy)
    if version < MINIMUM_JAVA:
        raise UserError(f"Java 17 or newer is needed for the local broker, but {program} is {version}", remedy=remedy)
    return program


def maven() -> str:
    """Path of Maven's ``mvn``.

    Raises:
        UserError: it is not in ``PATH``.
    """
    program = shutil.which("mvn")
    if program is None:
        raise UserError(
            "Maven is needed to fetch Apache Kafka and was not found",
            remedy="install it, e.g. `apt-get install maven`",
        )
    return program


def _of_java_home() -> str | None:
    home = os.environ.get("JAVA_HOME")
    program = Path(home) / "bin" / "java" if home else None
    return str(program) if program and program.is_file() else None


def _java_version(program: str) -> int | None:
    try:
        done = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    # 'openjdk version "17.0.15"', and of Java 8 and older '"1.8.0_392"'.
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return int(found.group(1)) if found else None
