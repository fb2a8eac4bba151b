"""A disk that can be full: a file system of its own where one may be mounted, else a limit on a process's files."""

import os
import resource
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Disk(ABC):
    """A folder whose disk can be filled and cleared.

    Attributes:
        folder: where to put files.
        complaint: what the service must say of it.
    """

    complaint: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def fill(self, pid: int) -> None:
        """Leave no room for the process."""

    @abstractmethod
    def clear(self, pid: int) -> None:
        """Give it room again."""


class SmallFileSystem(Disk):
    """A tmpfs, filled by a file: writes fail with ENOSPC."""

    complaint = "the disk is full"

    def fill(self, pid: int) -> None:
        """Take all that is free."""
        del pid
        state = os.statvfs(self.folder)
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize)

    def clear(self, pid: int) -> None:
        """Give it back."""
        del pid
        self._ballast.unlink()

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


class LimitedFiles(Disk):
    """A limit on the size of the process's files: writes beyond it fail with EFBIG."""

    complaint = "cannot be read or written"

    def fill(self, pid: int) -> None:
        """Leave the files a few pages, so that the process can still write its log."""
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (128 * 1024, resource.RLIM_INFINITY))

    def clear(self, pid: int) -> None:
        """Take the limit away."""
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Disk]:
    """A disk of `size` bytes for the length of the `with`; all that is open on it must be closed by then."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield LimitedFiles(folder)
        return
    try:
        yield SmallFileSystem(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
