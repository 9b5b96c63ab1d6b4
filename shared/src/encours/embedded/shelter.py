"""Folders under `/var/tmp` for what PostgreSQL's account cannot reach in a checkout.

Binaries are copied there, and the data is kept there, in a folder of this checkout's own with a link in `var/`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
from pathlib import Path

from encours.embedded.layout import Layout, sync_folder, sync_tree, write_private
from encours.embedded.process import StartFailed

_SHELTERS = Path("/var/tmp")  # noqa: S108 (kept over a restart; ownership is checked)


def reachable(layout: Layout, binaries: Path) -> tuple[Path, Path]:
    """Return binaries and home folder that any account can get to: where they are, else in shelters."""
    if not layout.pg.is_symlink() and not _passable(layout.root):
        layout.pg.symlink_to(_shelter(layout.root) / "pg")
        sync_folder(layout.root)
    home = layout.pg
    if layout.pg.is_symlink():
        home = layout.pg.readlink()
        _claim(home.parent, layout)
    return (binaries if _passable(binaries / "postgres") else _copied_binaries(binaries)), home


def _claim(shelter: Path, layout: Layout) -> None:
    """Note in a shelter which folder it belongs to; refuse it to a copy of that folder, which would write into the
    ledger of the original. A folder that was moved keeps its shelter.
    """
    note = shelter / "origin"
    origin = Layout(Path(note.read_text().strip())) if note.exists() else layout
    if origin.pg.is_symlink() and origin.pg.readlink() == layout.pg.readlink() and origin != layout:
        raise StartFailed(
            f"{layout.root} is a copy of {origin.root} and holds no ledger of its own: its database is still that of "
            f"the original, in {shelter}. To make a second installation: `encours backup` there, `encours restore` "
            "into an empty folder"
        )
    if not note.exists() or origin != layout:
        write_private(note, f"{layout.root}\n")


def remove_shelter(origin: Path) -> None:
    """Undo what was put under `/var/tmp` for a `var/` folder (its data too) or for an environment's binaries."""
    folder = _shelter_of(origin)
    if folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.geteuid():
        shutil.rmtree(folder)


def _passable(path: Path) -> bool:
    """Return True when an account with no rights of its own can get to `path`."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def _shelter_of(origin: Path) -> Path:
    return _SHELTERS / f"encours-{hashlib.sha256(str(origin).encode()).hexdigest()[:12]}"


def _shelter(origin: Path) -> Path:
    """A folder that stands for `origin` alone, and that only we can have made."""
    folder = _shelter_of(origin)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o711)
        folder.chmod(0o711)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise StartFailed(
            f"{folder} belongs to someone else: remove it, or clone where other accounts may pass"
        )
    return folder


def _copied_binaries(binaries: Path) -> Path:
    """The server's files in a shelter of their own, copied once per environment and version."""
    package, shelter = binaries.parents[1], _shelter(binaries)
    stamp = hashlib.sha256(str((binaries / "postgres").stat().st_mtime_ns).encode()).hexdigest()[:12]
    target = shelter / f"bin-{stamp}"
    if not target.exists():
        unfinished = shelter / f".bin-{os.getpid()}"
        shutil.copytree(package, unfinished / package.name)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
                path.chmod(path.stat().st_mode | (0o555 if executable else 0o444))
        sync_tree(unfinished)
        with contextlib.suppress(OSError):  # another process was quicker
            unfinished.rename(target)
        shutil.rmtree(unfinished, ignore_errors=True)
    return target / package.name / "pginstall" / "bin"
