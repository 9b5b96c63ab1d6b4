"""All of Encours as `make run` starts it, in a private folder and on free ports: what end-to-end tests talk to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psutil

from encours.embedded.access import local_admin_url
from encours.embedded.layout import Layout
from encours.embedded.runstate import ProcessState, RunState, read_state
from encours.embedded.setup import TIME_ZONE
from encours.ledger import Ledger, LedgerKind
from encours.ledger.migrate import LEDGER_DATABASE, database_dsn
from encours.testing.forks import Fork, run_fork
from encours.testing.servers import private_layout, run_in_thread
from encours.testing.waiting import HANG_S, wait_until

_PROBE_S = 10.0


@dataclass(frozen=True, slots=True)
class System:
    """A supervised installation. Tests that share one keep apart by ledger."""

    layout: Layout
    supervisor: Fork

    @property
    def run(self) -> RunState:
        """State of the processes just now."""
        state = read_state(self.layout)
        assert state is not None
        return state

    @property
    def key(self) -> str:
        """The admin key."""
        return self.layout.admin_key.read_text().strip()

    def url(self, service: str) -> str:
        """Base URL of `invoice`, `dunning`, `risk` or `reporting`."""
        return self.run.urls[service]

    def client(self, service: str, ledger: str) -> httpx.Client:
        """An HTTP client of the admin for one service and ledger."""
        return httpx.Client(
            base_url=self.url(service),
            headers={"Authorization": f"Bearer {self.key}", "Encours-Ledger": ledger},
            timeout=HANG_S,
            verify=False,  # plain HTTP: the certificates of a TLS context cost more than a request
        )

    def encours(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the `encours` command against this installation."""
        done = run_fork("encours", *arguments, env=self.environment())
        if check:
            done.check_returncode()
        return done

    def json(self, *arguments: str) -> Any:
        """Run `encours … --json` and decode what it prints."""
        return json.loads(self.encours(*arguments, "--json").stdout)

    def create_ledger(self, name: str, kind: LedgerKind) -> None:
        """`encours ledger create`, without a process for it."""
        admin_url = local_admin_url(self.layout, self.run)
        assert admin_url is not None
        run_in_thread(_create_ledger(database_dsn(admin_url, LEDGER_DATABASE), name, kind))

    def environment(self) -> dict[str, str]:
        """The environment that points commands at this installation."""
        return os.environ | {"ENCOURS_VAR_DIR": str(self.layout.root)}

    def processes(self, role: str, service: str | None = None) -> list[ProcessState]:
        """Processes of a role (`postgres`, `nats`, `mailbox`, `api`, `worker`), of one service or of all."""
        return [p for p in self.run.processes if p.role == role and service in (None, p.service)]

    def kill(self, process: ProcessState) -> None:
        """`kill -9`; the supervisor starts it again."""
        assert process.pid is not None
        try:
            victim = psutil.Process(process.pid)
            if process.created is None or abs(victim.create_time() - process.created) < 1:
                os.kill(process.pid, signal.SIGKILL)
        except psutil.NoSuchProcess:
            pass  # it is down already, between two starts

    def suspend(self, process: ProcessState) -> None:
        """Have the process stand still, as one that hangs."""
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)

    def resume(self, process: ProcessState) -> None:
        """Let a suspended process go on."""
        assert process.pid is not None
        os.kill(process.pid, signal.SIGCONT)

    def wait_ready(self) -> None:
        """Until every API is ready."""
        wait_until(lambda: all(_ready(url) for url in self.run.urls.values()), "services are not ready")

    def wait_caught_up(self, ledger: str) -> None:
        """Until every read model is at the head of the ledger."""
        wait_until(lambda: self._lag(ledger) == 0, f"read models of {ledger} lag")

    def _lag(self, ledger: str) -> int | None:
        try:
            models = [model for service in self.run.urls for model in self.read_models(service, ledger)]
        except httpx.HTTPError:
            return None
        return max((model["lag"] for model in models), default=None)

    def read_models(self, service: str, ledger: str, *, hashes: bool = False) -> list[dict[str, Any]]:
        """`GET /v1/read-models` of a service."""
        with self.client(service, ledger) as http:
            answer = http.get("/v1/read-models", params={"hash": str(hashes).lower()})
            answer.raise_for_status()
            models: list[dict[str, Any]] = answer.json()["data"]
        return models


async def _create_ledger(url: str, name: str, kind: LedgerKind) -> None:
    ledger = await Ledger.open(url, readers=1)
    try:
        await ledger.create_ledger(name, kind, TIME_ZONE)
    finally:
        await ledger.close()


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=_PROBE_S, verify=False).status_code == 200
    except httpx.HTTPError:
        return False


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def running_system(*, syncs: bool = True) -> Iterator[System]:
    """`encours up` in a folder of its own; its services are stopped as Ctrl-C stops them, and the folder removed."""
    with private_layout() as layout, running_on(layout, syncs=syncs) as system:
        yield system
        servers = [pid for process in system.processes("postgres") if (pid := process.pid) is not None]
        services = [pid for role in ("api", "worker") for each in system.processes(role) if (pid := each.pid)]
        system.supervisor.terminate()
        wait_until(lambda: not any(map(_lives, services)), "services do not stop")
        for pid in servers:
            if _lives(pid):
                os.kill(pid, signal.SIGQUIT)  # without the checkpoint of a polite end


@contextmanager
def running_on(layout: Layout, *, syncs: bool = True) -> Iterator[System]:
    """`encours up` in a folder that exists; stopped as Ctrl-C stops it."""
    environment = os.environ | {
        "ENCOURS_VAR_DIR": str(layout.root),
        "ENCOURS_WEBHOOK_ALLOW": "127.0.0.1",  # receivers of tests
    }
    log = layout.root / "up.log"
    log.write_bytes(b"")
    module = "encours.testing.forked_up" if syncs else "encours.testing.unsynced_up"
    process = Fork(module, "up", "--json", env=environment, stdout=log)
    system = System(layout, process)
    try:
        # As long as it lives: it gives up by itself when a part of it does not come up.
        while not _up(process, layout, log.read_text):
            time.sleep(0.02)
        yield system
    finally:
        process.terminate()
        process.wait(HANG_S)


def _up(process: Fork, layout: Layout, log: Callable[[], str]) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"encours up ended with {process.returncode}:\n{log()}")
    state = read_state(layout)
    # Another run may have left its state in the folder.
    return state is not None and state.pid == process.pid and state.state == "ready"
