"""Jars, fetched once by Maven: Kafka's from the coordinates in ``deploy/kafka/pom.xml``."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from services.broker import tools
from services.common.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy" / "kafka"


def fetch_jars() -> Path:
    """Folder with the jars of Apache Kafka and all it needs; Maven runs only when they are not there yet.

    The folder is ``.cache/kafka/<digest of pom.xml>`` beside the project, or below ``LAGEBILD_KAFKA_CACHE``
    where that is set; a changed ``pom.xml`` is fetched anew.

    Raises:
        UserError: Maven is missing, the download failed, or the project's ``deploy/kafka`` is not there.
    """
    return fetch(_deployed("pom.xml"), "Apache Kafka")


def fetch(pom: Path, what: str) -> Path:
    """Folder with all that a pom names, below the same cache.

    Args:
        pom: Maven's file.
        what: what is fetched, for the error.

    Raises:
        UserError: Maven is missing, or the download failed.
    """
    folder = _cache() / hashlib.sha256(pom.read_bytes()).hexdigest()[:16]
    if not folder.is_dir():
        _download(pom, folder, what)
    return folder


def server_properties() -> str:
    """The text of ``deploy/kafka/server.properties``; ports and folders are appended by the caller.

    Raises:
        UserError: the project's ``deploy/kafka`` is not there.
    """
    return _deployed("server.properties").read_text(encoding="utf-8")


def _deployed(name: str) -> Path:
    path = DEPLOY / name
    if not path.is_file():
        raise UserError(
            f"the local broker needs {path}, which is not there",
            remedy="run it from a checkout of the project, or use a Kafka of your own (LAGEBILD_BOOTSTRAP_SERVERS)",
        )
    return path


def _cache() -> Path:
    given = os.environ.get("LAGEBILD_KAFKA_CACHE")
    return Path(given) if given else ROOT / ".cache" / "kafka"


def _download(pom: Path, folder: Path, what: str) -> None:
    """Fetch into a neighbour and rename: an interrupted or a concurrent fetch never leaves half a folder."""
    program = tools.maven()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetching-") as scratch:
        jars = Path(scratch) / "jars"
        command = [program, "-q", "-B", "-ntp", "-f", str(pom), "dependency:copy-dependencies"]
        done = subprocess.run(
            [*command, f"-DoutputDirectory={jars}"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode != 0:
            raise UserError(
                f"Maven could not fetch {what}: {_first_error(done.stdout + done.stderr)}",
                remedy=f"check the connection to Maven Central, then try `mvn -f {pom} dependency:resolve`",
            )
        try:
            jars.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
            shutil.rmtree(jars)


def _first_error(output: str) -> str:
    errors = [line.removeprefix("[ERROR]").strip() for line in output.splitlines() if "[ERROR]" in line]
    return errors[0] if errors else "no reason given"
