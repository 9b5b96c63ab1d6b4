"""Received files on disk: written as they arrive, renamed when complete."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from encours.kernel.ids import uuid7

T = TypeVar("T")
ABANDONED_S = 24 * 3600


def spool_path(var_dir: Path, import_id: str) -> Path:
    """Return the path of an import's received bytes."""
    return var_dir / "imports" / import_id


def sweep(var_dir: Path) -> None:
    """Remove partial files of uploads whose process ended."""
    for part in (var_dir / "imports").glob(".*.part"):
        if time.time() - part.stat().st_mtime > ABANDONED_S:
            part.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A complete file that still has its temporary name."""

    part: Path
    path: Path
    sha256: bytes
    size_bytes: int

    async def keep(self) -> None:
        """Rename the file to its final name, durably. An equal file may exist under that name."""
        await asyncio.to_thread(self._keep)

    async def discard(self) -> None:
        """Remove the file."""
        await asyncio.to_thread(self.part.unlink, missing_ok=True)

    def _keep(self) -> None:
        self.part.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


async def spool(body: AsyncIterator[bytes], path: Path, check: Callable[[BinaryIO], T]) -> tuple[Spooled, T]:
    """Write a body to disk and check the file; return what the check does. On any failure the file is removed."""
    part = path.with_name(f".{path.name}-{uuid7().hex[-8:]}.part")
    await asyncio.to_thread(path.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        target = await asyncio.to_thread(part.open, "w+b")
        try:
            async for chunk in body:
                digest.update(chunk)
                size += len(chunk)
                await asyncio.to_thread(target.write, chunk)
            await asyncio.to_thread(target.flush)
            await asyncio.to_thread(os.fsync, target.fileno())
            checked = await asyncio.to_thread(check, target)
        finally:
            await asyncio.to_thread(target.close)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return Spooled(part, path, digest.digest(), size), checked
