"""How much memory a process holds, as Linux counts it. Tests alone."""

from pathlib import Path


def resident(pid: int) -> float:
    """Its memory now, MiB."""
    return _status(pid, "VmRSS")


def most_resident(pid: int) -> float:
    """The most it has held since its start, MiB."""
    return _status(pid, "VmHWM")


def descendants(pid: int) -> list[int]:
    """Its child processes, and theirs."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:  # it has ended meanwhile
        return []
    return [each for child in children for each in (child, *descendants(child))]


def _status(pid: int, name: str) -> float:
    """A line of /proc/PID/status; 0 for a process that has ended. proc_pid_status(5)"""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:")), 0.0)
