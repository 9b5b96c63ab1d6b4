"""`var/run.json`: what runs here. Written by the supervisor, read by every other command."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from encours.embedded.layout import Layout, read_json, write_private
from encours.embedded.process import is_same


class AlreadyRunning(RuntimeError):
    """Another `encours up` owns this `var/` folder."""


@dataclass(slots=True)
class ProcessState:
    """One child as `encours status` shows it."""

    role: str
    service: str | None
    pid: int | None = None
    created: float | None = None
    port: int | None = None
    state: str = "stopped"
    restarts: int = 0


@dataclass(slots=True)
class RunState:
    """`state` is `starting`, `ready`, `stopping` or `stopped`. Holds no secret.

    `folder` is the identity of the `var/` folder that it was written for: in a copy of that folder it is not valid,
    or commands there would reach for processes of the original.
    """

    pid: int
    created: float
    started_at: str
    folder: str
    state: str = "starting"
    urls: dict[str, str] = field(default_factory=dict)
    postgres: dict[str, Any] | None = None
    nats_port: int | None = None
    smtp_url: str | None = None
    gateway_url: str | None = None
    processes: list[ProcessState] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        """True while the supervisor that wrote it runs."""
        return is_same(self.pid, self.created)


def write_state(layout: Layout, state: RunState) -> None:
    write_private(layout.run_json, json.dumps(asdict(state), indent=2) + "\n")


def read_state(layout: Layout) -> RunState | None:
    """The last state written; None when there is none, another version wrote it, or the folder is a copy."""
    stored = read_json(layout.run_json)
    if stored is None:
        return None
    try:
        processes = [ProcessState(**entry) for entry in stored.pop("processes")]
        state = RunState(**stored, processes=processes)
    except (KeyError, TypeError):
        return None
    return state if state.folder == layout.identity else None


@contextmanager
def sole_owner(layout: Layout) -> Iterator[None]:
    """Hold this `var/` folder. The kernel lets go of it with the process, however that ends."""
    handle = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            state = read_state(layout)
            who = f" (pid {state.pid})" if state else ""
            raise AlreadyRunning(
                f"Encours already runs on {layout.root}{who}: `encours status` shows it"
            ) from held
        yield
    finally:
        os.close(handle)
