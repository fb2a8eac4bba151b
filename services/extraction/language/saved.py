"""What the components with a network share: they are saved as a few files, and read back whole."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar, Self

from spacy import util
from spacy.pipeline import Pipe


class SavedPipe(Pipe):
    """A component whose state is the contents of `files`; none of them before it has been filled."""

    files: ClassVar[tuple[str, ...]]

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The contents of all files."""
        contents = self._contents()
        return util.to_bytes({file: partial(contents.__getitem__, file) for file in contents}, exclude)

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """Reads what `to_bytes` wrote."""
        contents: dict[str, bytes] = {}
        util.from_bytes(data, {file: partial(contents.__setitem__, file) for file in self.files}, exclude)
        self._restore(contents)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the files into the folder `path`."""
        Path(path).mkdir(parents=True, exist_ok=True)
        for file, content in self._contents().items():
            (Path(path) / file).write_bytes(content)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """Reads what `to_disk` wrote."""
        self._restore({file: (Path(path) / file).read_bytes() for file in self.files})
        return self

    def _contents(self) -> dict[str, bytes]:
        raise TypeError(f"{type(self).__name__} does not say what it is saved as")

    def _restore(self, contents: Mapping[str, bytes]) -> None:
        raise TypeError(f"{type(self).__name__} does not say how it is restored")
