"""Files of a local installation: everything under one folder, `var/`, private to who runs it."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENV_VAR_DIR = "ENCOURS_VAR_DIR"


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths under one `var/` folder. Nothing is created before :meth:`create`."""

    root: Path

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def pg(self) -> Path:
        """PostgreSQL's home: a folder, or a link to one that its account can reach."""
        return self.root / "pg"

    @property
    def nats(self) -> Path:
        return self.root / "nats"

    @property
    def mail(self) -> Path:
        return self.root / "mail"

    @property
    def letters(self) -> Path:
        return self.root / "letters"

    @property
    def gateway(self) -> Path:
        """Orders that the gateway of this machine took."""
        return self.root / "gateway"

    @property
    def imports(self) -> Path:
        """Files that were received over HTTP and are read by the worker."""
        return self.root / "imports"

    @property
    def run_json(self) -> Path:
        return self.root / "run.json"

    @property
    def secrets_json(self) -> Path:
        return self.root / "secrets.json"

    @property
    def admin_key(self) -> Path:
        return self.root / "admin-key"

    @property
    def lock(self) -> Path:
        return self.root / "up.lock"

    @property
    def identity(self) -> str:
        """Device and number of the folder on its disk: a folder that is moved keeps them, a copy has others."""
        found = self.root.stat()
        return f"{found.st_dev}:{found.st_ino}"

    def create(self) -> None:
        """Make the folders, readable by the caller alone. Safe to repeat."""
        self.root.mkdir(parents=True, exist_ok=True)
        # Root may not run PostgreSQL, so another account must be able to pass through (not list) this folder.
        self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.log, self.nats, self.mail, self.letters):
            folder.mkdir(mode=0o700, exist_ok=True)
        for folder in (self.root, self.root.parent):
            sync_folder(folder)


def default_layout() -> Layout:
    """`ENCOURS_VAR_DIR`, else `var/` in the checkout that the working directory belongs to, else `./var`."""
    if configured := os.environ.get(ENV_VAR_DIR):
        return Layout(Path(configured).expanduser().resolve())
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "shared" / "src" / "encours").is_dir():
            return Layout((folder / "var").resolve())
    return Layout((here / "var").resolve())


def sync_folder(folder: Path) -> None:
    """Have the disk keep the names in `folder`: without it a power cut can take back a file that was synced itself."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Have the disk keep every file and every name under `folder`."""
    for place, _, files in os.walk(folder):
        for name in files:
            with (Path(place) / name).open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(Path(place))
    sync_folder(folder.parent)


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 so that a reader sees the old text or the new one, never half of it.

    It outlasts a power cut from the moment that this returns.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        sync_folder(path.parent)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None when the file is missing or is not an object."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return value if isinstance(value, dict) else None
