"""ZIP archive, written file by file: the same files give the same bytes."""

from __future__ import annotations

import zipfile

from dunning_svc.domain.litigation.documents import FileEntry

_WRITTEN_AT = (1980, 1, 1, 0, 0, 0)
"""Time of every file: the first that the format knows, so that the bytes do not depend on the hour."""
_UNIX = 3


class Archive:
    """An archive whose bytes are taken as they come, so that it is never in memory as a whole."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    def add(self, entry: FileEntry) -> bytes:
        """Return the bytes of one more file."""
        self._zip.writestr(_ArchivedFile(entry.name), entry.content)
        return self._sink.take()

    def close(self) -> bytes:
        """Return the bytes of the directory, with which the archive ends."""
        self._zip.close()
        return self._sink.take()


class _ArchivedFile(zipfile.ZipInfo):
    """A regular file that its owner may write and all may read, on whatever machine the archive is written."""

    compress_type: int
    create_system: int
    external_attr: int

    def __init__(self, name: str) -> None:
        super().__init__(name, _WRITTEN_AT)
        self.compress_type = zipfile.ZIP_DEFLATED
        self.create_system = _UNIX
        self.external_attr = 0o644 << 16


class _Sink:
    """A file that can only be written to, as a network connection."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep the bytes until they are taken."""
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: no byte is held back."""

    def close(self) -> None:
        """Do nothing: what was written may be taken after the end."""

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken, self._parts = b"".join(self._parts), []
        return taken
