"""Services as real processes: started, killed, awaited, asked for their health. For tests alone."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import SecretStr

from services.common.settings import Settings

ROOT = Path(__file__).parent.parent
PATIENCE_SECONDS = 180.0
"""When a test gives up: far beyond what an idle machine needs, for one that is busy."""


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """The environment that gives a child process the same settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LAGEBILD_")}
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    plain = {
        f"LAGEBILD_{name}".upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
        if value is not None
    }
    return own | plain | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | more


def until(condition: Callable[[], Any], what: str, patience: float = PATIENCE_SECONDS, every: float = 0.05) -> Any:
    """Ask `every` so many seconds until `condition` gives something true; give it back, or fail when patience ends."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(every)
    raise AssertionError(f"not within {patience:.0f} s: {what}")


class Service:
    """A service in a process of its own. Its log goes to a file; leaving the `with` kills it.

    Args:
        command: arguments of the Python interpreter.
        settings: what it runs with.
        log: file for standard output and standard error.
        env: more variables.
    """

    def __init__(self, command: list[str], settings: Settings, log: Path, env: Mapping[str, str] | None = None) -> None:
        self._command = [sys.executable, *command]
        self._environment = environment(settings, **(env or {}))
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def command(cls, name: str, settings: Settings, log: Path, *arguments: str, **env: str) -> "Service":
        """A subcommand of `lagebild`."""
        return cls(["-m", "services.cli.main", name, *arguments], settings, log, env)

    def start(self) -> Self:
        """Start it, or start it again after its end."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, cwd=ROOT, stdout=log, stderr=log)
        return self

    def __enter__(self) -> Self:
        return self if self._process else self.start()

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.signal(signal.SIGCONT)
            self.kill()
        if error is not None:
            error.add_note(f"last lines of {self._command[1:]}:\n" + self.log()[-4000:])

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9, and wait for its end."""
        self.signal(signal.SIGKILL)
        self.wait()

    def terminate(self) -> int:
        """SIGTERM; gives back its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self, patience: float = PATIENCE_SECONDS) -> int:
        """Its exit code, when it has ended."""
        assert self._process is not None, "not started"
        return self._process.wait(patience)

    def log(self) -> str:
        """All it has written, over all its starts."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def wait_for_log(self, pattern: str, patience: float = PATIENCE_SECONDS) -> re.Match[str]:
        """Wait until a line of its log matches."""
        found: re.Match[str] = until(lambda: self._search(pattern), f"{pattern!r} in the log", patience)
        return found

    def _search(self, pattern: str) -> re.Match[str] | None:
        assert self.running or re.search(pattern, self.log()), (
            f"ended with {self.wait()} before {pattern!r}: {self.log()[-4000:]}"
        )
        return re.search(pattern, self.log())

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of one of its web endpoints; (0, reason) where nothing answers."""
        port = self._ports()[-1] if self._ports() else None
        if port is None:
            return 0, "no port in the log yet"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def checks(self, path: str) -> dict[str, str]:
        """The checks behind /livez or /readyz, by name: "ok" or the reason."""
        status, body = self.get(path)
        checks: dict[str, str] = json.loads(body)["checks"] if status else {}
        return checks

    def wait_ready(self, patience: float = PATIENCE_SECONDS) -> None:
        """Wait until /readyz says yes."""
        until(lambda: self._alive() and self.get("/readyz")[0] == 200, "ready", patience)

    def _alive(self) -> bool:
        assert self.running, f"ended with {self.wait()}: {self.log()[-4000:]}"
        return True

    def listening(self) -> set[int]:
        """The TCP ports it listens on, by its open sockets (Linux). proc_pid_net(5)"""
        mine = set()
        for link in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                mine.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
        ports = set()
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{self.pid}/net/{table}").read_text().splitlines()[1:]:
                _, local, _, state, *_, inode = line.split()[:10]
                if state == "0A" and inode in mine:
                    ports.add(int(local.rpartition(":")[2], 16))
        return ports

    @property
    def web_port(self) -> int:
        """Where its own web endpoints are, by its log."""
        return int(self._ports()[-1])

    def _ports(self) -> list[str]:
        return re.findall(r"web endpoints.*?port=(?:\x1b\[[0-9;]*m)*(\d+)", self.log())

    def metric(self, name: str, **labels: str) -> float:
        """The value of a metric: the sum over all series that carry the labels."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            series, _, value = line.rpartition(" ")
            if re.match(rf"{name}(\{{|$)", series) and all(f'{k}="{v}"' in series for k, v in labels.items()):
                total += float(value)
        return total
