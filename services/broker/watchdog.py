"""Ends a child process when this one vanishes without a word (SIGKILL, out of memory)."""

import subprocess
from pathlib import Path

# `read` returns when the last holder of the pipe's other end is gone. SIGTERM first, so that Kafka closes its files.
_SCRIPT = """
read -r _
kill -TERM "$1"
for second in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" || break; sleep 1; done
kill -KILL "$1"
[ -z "$2" ] || rm -rf "$2"
"""


class Watchdog:
    """A waiting shell that, once this process is gone, ends process ``pid`` and removes ``folder`` if given."""

    def __init__(self, pid: int, folder: Path | None) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "lagebild-broker-watchdog", str(pid), str(folder or "")],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """Stop watching: the child was ended in order."""
        self._shell.kill()
        self._shell.communicate()
