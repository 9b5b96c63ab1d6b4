"""Real PostgreSQL and nats-server processes for tests, and fresh databases on them in a fraction of a second.

One PostgreSQL per test session is migrated once; each :class:`Installation` gets copies of those of its databases that
it is asked for and a nats-server of its own, so tests share nothing that they can see.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from encours.embedded import nats as embedded_nats
from encours.embedded import postgres as embedded_postgres
from encours.embedded.layout import Layout
from encours.embedded.machine import RELAYING
from encours.embedded.nats import Nats
from encours.embedded.postgres import Postgres
from encours.embedded.process import free_port
from encours.embedded.secrets import Secrets, load_secrets
from encours.ledger import Ledger
from encours.ledger.migrate import migrate
from encours.postgres.connection import connect
from encours.testing.syncs import leave_out_syncs
from encours.testing.waiting import HANG_S
from encours.transport.announcer import Announcer
from encours.transport.client import NatsConnection

T = TypeVar("T")

_NUMBERS = itertools.count(1)
_WITHOUT_SYNCS = ThreadPoolExecutor(1, initializer=leave_out_syncs)
"""Starts servers that sync nothing. It lives as long as they do, which end with the thread that started them."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running, migrated PostgreSQL server."""

    layout: Layout
    postgres: Postgres
    secrets: Secrets
    drops: ThreadPoolExecutor
    """Runs the drops of databases beside the next test."""
    syncs: bool
    """False where syncs are left out (:mod:`encours.testing.syncs`)."""


@dataclass(slots=True)
class NatsProcess:
    """A nats-server that a test may kill and start again, with the same store."""

    server: Nats
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """`kill -9`, as a crash would."""
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        self.process = self.server.start()

    def stop(self) -> None:
        self.server.stop(self.process)


@dataclass(frozen=True, slots=True)
class Installation:
    """Databases `encours_ledger` and one per service, fresh and migrated, and a nats-server: what services need."""

    cluster: Cluster
    nats: NatsProcess
    layout: Layout
    suffix: str
    copied: list[str] = field(default_factory=list)
    _copying: threading.Lock = field(default_factory=threading.Lock)

    def database(self, name: str) -> str:
        """The database `ledger` or a service's. It is copied when it is first asked for: few tests need all five."""
        with self._copying:
            copy = f"encours_{name}{self.suffix}"
            if copy not in self.copied:
                # A copy keeps what is inside, not who owns it: services make schemas in their own database.
                owner = "encours_owner" if name == "ledger" else f"encours_{name}"
                _execute(self.cluster, [f"create database {copy} template encours_{name} owner {owner}"])
                self.copied.append(copy)
        return copy

    def admin_url(self, name: str = "ledger") -> str:
        """The superuser's connection to the database `ledger` or a service's name."""
        return self.cluster.postgres.dsn(self.database(name))

    def ledger_url(self, service: str = "invoice") -> str:
        return self._url(service, "ledger")

    def auditor_url(self) -> str:
        return self._url("auditor", "ledger")

    def store_url(self, service: str = "invoice") -> str:
        return self._url(service, service)

    def nats_url(self, service: str = "invoice") -> str:
        return self.nats.server.url(f"encours_{service}")

    def environment(self, service: str, *, port: int | None = None) -> dict[str, str]:
        """The `ENCOURS_…` variables of a process of that service."""
        settings = {
            "ENCOURS_LEDGER_URL": self.ledger_url(service),
            "ENCOURS_STORE_URL": self.store_url(service),
            "ENCOURS_NATS_URL": self.nats_url(service),
            "ENCOURS_VAR_DIR": str(self.layout.root),
            "ENCOURS_HOST": "127.0.0.1",
        }
        if service == RELAYING:
            settings["ENCOURS_RELAY_URL"] = self.nats_url("relay")
        return settings | ({} if port is None else {"ENCOURS_PORT": str(port)})

    def _url(self, service: str, database: str) -> str:
        role = f"encours_{service}"
        return self.cluster.postgres.dsn(
            self.database(database), user=role, password=self.cluster.secrets.roles[role]
        )


def _starting(work: Callable[[], T], *, syncs: bool) -> T:
    return work() if syncs else _WITHOUT_SYNCS.submit(work).result()


@contextmanager
def private_layout() -> Iterator[Layout]:
    """A `var/` folder that is gone afterwards. Not pytest's: root's PostgreSQL account must be able to pass through."""
    folder = Path(tempfile.mkdtemp(prefix="encours-test-"))
    folder.chmod(0o711)
    layout = Layout(folder / "var")
    try:
        _starting(layout.create, syncs=False)
        yield layout
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_cluster(*, syncs: bool = True) -> Iterator[Cluster]:
    """A PostgreSQL server of its own, migrated; stopped and removed afterwards."""

    def started() -> tuple[Secrets, Postgres, subprocess.Popen[bytes]]:
        secrets = load_secrets(layout)
        server = embedded_postgres.prepare(layout, password=secrets.postgres, port=free_port())
        return secrets, server, server.start()

    with private_layout() as layout:
        secrets, server, process = _starting(started, syncs=syncs)
        drops = ThreadPoolExecutor(1)
        try:
            run_in_thread(_repeated(lambda: migrate(server.dsn(), secrets.roles)))
            yield Cluster(layout, server, secrets, drops, syncs)
        finally:
            process.send_signal(signal.SIGQUIT)  # without the checkpoint of a polite end: its files go too
            process.wait(HANG_S)
            drops.shutdown(cancel_futures=True)  # a drop that the server did not end fails, as it may


@contextmanager
def running_nats(layout: Layout, secrets: Secrets, *, syncs: bool = True) -> Iterator[NatsProcess]:
    """A nats-server of its own with the users of `secrets`."""

    def started() -> NatsProcess:
        server = embedded_nats.prepare(layout, secrets=secrets, port=free_port())
        return NatsProcess(server, server.start())

    handle = _starting(started, syncs=syncs)
    try:
        yield handle
    finally:
        handle.stop()


@contextmanager
def fresh_installation(cluster: Cluster) -> Iterator[Installation]:
    """Copies of the migrated databases as they are asked for, dropped soon afterwards, and a nats-server."""
    with (
        private_layout() as layout,
        running_nats(layout, cluster.secrets, syncs=cluster.syncs) as nats,
    ):
        installation = Installation(cluster, nats, layout, f"_t{next(_NUMBERS)}")
        try:
            yield installation
        finally:
            drops = [f"drop database {name} with (force)" for name in installation.copied]
            cluster.drops.submit(_execute, cluster, drops)


@asynccontextmanager
async def announcing_ledger(url: str, nats_url: str) -> AsyncIterator[Ledger]:
    """Open the ledger as a service does: what is appended is announced, and workers read it at once."""
    ledger = await Ledger.open(url)
    nats = NatsConnection(nats_url, "encours tests")
    ledger.on_appended(Announcer(nats).appended)
    try:
        yield ledger
    finally:
        await nats.close()
        await ledger.close()


def _execute(cluster: Cluster, statements: list[str]) -> None:
    async def work() -> None:
        connection = await _repeated(lambda: connect(cluster.postgres.dsn(), "encours tests"))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    run_in_thread(work())


async def _repeated(work: Callable[[], Awaitable[T]]) -> T:
    """Connect again when a busy machine was late: the server is ours, and it lives."""
    deadline = time.monotonic() + HANG_S
    while True:
        try:
            return await work()
        except TimeoutError:
            if time.monotonic() > deadline:
                raise


def run_in_thread(work: Coroutine[Any, Any, object]) -> None:
    """Run to the end in a thread of its own, leaving alone the loop that pytest set for the test or is running."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()
