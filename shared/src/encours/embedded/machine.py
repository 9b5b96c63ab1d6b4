"""All of Encours on one machine: servers, databases, ledgers, the admin key, four services."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx

from encours.embedded import nats, postgres
from encours.embedded.layout import Layout
from encours.embedded.process import Program, StartFailed, end_orphan, free_port, started_at
from encours.embedded.runstate import RunState, read_state, write_state
from encours.embedded.secrets import RELAY, SERVICES, Secrets, load_secrets
from encours.embedded.setup import prepare_databases
from encours.embedded.supervisor import Announce, Child, Supervisor
from encours.ledger import LedgerUnavailable
from encours.ledger.migrate import LEDGER_DATABASE, database_dsn, roles_of_others
from encours.postgres.connection import FAILED

API_PORTS = {"invoice": 8001, "dunning": 8002, "risk": 8003, "reporting": 8004}
MAILBOX_PORT = 1025
GATEWAY_PORT = 8090
_PROBE_TIMEOUT_S = 10.0
"""Longer than `/readyz` takes to say that something does not answer, on a busy machine too."""
RELAYING = "invoice"
"""The service whose workers publish the ledger's events."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Addresses of servers that exist already (`ENCOURS_DATABASE_URL`, `ENCOURS_NATS_URL`, `ENCOURS_SMTP_URL`).

    `gateway` is address and secret of one (`ENCOURS_GATEWAY_URL`, `ENCOURS_GATEWAY_SECRET`).
    """

    database_url: str | None = None
    nats_url: str | None = None
    smtp_url: str | None = None
    gateway: tuple[str, str] | None = None


class Machine:
    """One run of `encours up`: :meth:`start`, then :meth:`stop`. The caller holds the folder (`sole_owner`)."""

    def __init__(
        self,
        layout: Layout,
        outside: Outside,
        announce: Announce,
        *,
        log_level: str = "info",
        bounds: Mapping[str, str] | None = None,
        links: Mapping[str, str] | None = None,
        webhook_allow: str = "",
    ) -> None:
        self.layout = layout
        self.outside = outside
        self.announce = announce
        self.log_level = log_level
        self.bounds = bounds or {}
        self.links = links or {}
        self.webhook_allow = webhook_allow
        pid = os.getpid()
        self.state = RunState(
            pid, started_at(pid) or 0.0, datetime.now(UTC).isoformat(timespec="seconds"), layout.identity
        )
        self.supervisor = Supervisor(announce, self.write)
        self._taken: set[int] = set()
        self._api_ports: dict[str, int] = {}
        self._probe: httpx.AsyncClient | None = None

    def write(self) -> None:
        """Bring `var/run.json` up to date."""
        self.state.processes = [child.state for child in self.supervisor.children]
        write_state(self.layout, self.state)

    async def start(self, step: Callable[[str], None]) -> str | None:
        """Bring everything up, telling each step, until every `/readyz` answers. Returns the admin key if it is new."""
        self._end_leftovers()
        self.write()
        self._probe = httpx.AsyncClient(timeout=_PROBE_TIMEOUT_S)
        secrets = load_secrets(self.layout)
        self._api_ports = {service: self._port(port) for service, port in API_PORTS.items()}
        step("starting servers")
        admin_url, nats_url = await self._start_servers(secrets)
        step("preparing databases")
        try:
            if self.outside.database_url and (others := await roles_of_others(admin_url, secrets.roles)):
                raise StartFailed(
                    f"this PostgreSQL serves another installation already: {', '.join(others)} have other passwords "
                    f"than {self.layout.secrets_json} says, and its services would be locked out. Set "
                    "ENCOURS_DATABASE_URL to another server, or put that installation's secrets.json here. "
                    "To change the passwords on purpose: `encours migrate`"
                )
            new_key = await self._prepared(admin_url, secrets, step)
        except (*FAILED, LedgerUnavailable) as error:
            where = "ENCOURS_DATABASE_URL's server" if self.outside.database_url else "PostgreSQL"
            raise StartFailed(
                f"the databases cannot be prepared ({str(error) or type(error).__name__}): "
                f"is {where} up, and may we in?"
            ) from error
        step("starting services")
        children = [
            child for service in SERVICES for child in self._service(service, admin_url, nats_url, secrets)
        ]
        self.state.urls = {name: f"http://127.0.0.1:{child.program.port}" for name, child in _apis(children)}
        await self.supervisor.add(*children)
        self.state.state = "ready"
        self.write()
        return new_key

    async def _prepared(self, admin_url: str, secrets: Secrets, step: Callable[[str], None]) -> str | None:
        """Prepare the databases; again when our own server, which lives, was late to answer on a busy machine."""
        while True:
            try:
                return await prepare_databases(admin_url, secrets.roles, self.layout)
            except (TimeoutError, LedgerUnavailable):
                if self.outside.database_url is not None:
                    raise
                step("waiting for PostgreSQL, which is late to answer")

    async def stop(self) -> None:
        """Drain services, then stop servers."""
        self.state.state = "stopping"
        self.write()
        await self.supervisor.stop()
        if self._probe is not None:
            await self._probe.aclose()
        self.state.state = "stopped"
        self.write()

    def _end_leftovers(self) -> None:
        """End what a supervisor that was killed left running. Postgres' own children end with it."""
        before = read_state(self.layout)
        if before is None:
            return
        for process in reversed(before.processes):
            if process.pid is None or process.created is None:
                continue
            stop_signal = postgres.STOP_SIGNAL if process.role == "postgres" else signal.SIGTERM
            if end_orphan(process.pid, process.created, stop_signal=stop_signal):
                self.announce(
                    f"ended {process.service or ''} {process.role} (pid {process.pid}) left by an earlier run".replace(
                        "  ", " "
                    )
                )

    async def _start_servers(self, secrets: Secrets) -> tuple[str, str | None]:
        children: list[Child] = []
        admin_url = self.outside.database_url
        if admin_url is None:
            database = await asyncio.to_thread(
                postgres.prepare,
                self.layout,
                password=secrets.postgres,
                port=self._port(postgres.PREFERRED_PORT),
            )
            admin_url = database.dsn()
            self.state.postgres = {"port": database.port, "host": str(database.sockets)}
            if self.layout.pg.is_symlink():
                self.announce(
                    f"PostgreSQL's files are in {database.data.parent}, as its account cannot reach "
                    f"{self.layout.root}. A copy of this folder holds no ledger: use `encours backup`"
                )
            children.append(self._postgres(database))
        if self.outside.nats_url is None:
            server = nats.prepare(self.layout, secrets=secrets, port=self._port(nats.PREFERRED_PORT))
            self.state.nats_port = server.port
            children.append(self._nats(server))
        self.state.smtp_url = self.outside.smtp_url
        if self.state.smtp_url is None:
            child = self._mailbox(self._port(MAILBOX_PORT))
            self.state.smtp_url = f"smtp://127.0.0.1:{child.program.port}"
            children.append(child)
        if self.outside.gateway is None:
            child = self._gateway(self._port(GATEWAY_PORT), secrets.gateway)
            self.state.gateway_url = f"http://127.0.0.1:{child.program.port}"
            children.append(child)
        else:
            self.state.gateway_url = self.outside.gateway[0]
        await self.supervisor.add(*children)
        return admin_url, self.outside.nats_url

    def _port(self, preferred: int) -> int:
        port = free_port(preferred, taken=frozenset(self._taken))
        self._taken.add(port)
        if port != preferred:
            self.announce(f"port {preferred} is taken: using {port}")
        return port

    @staticmethod
    def _postgres(server: postgres.Postgres) -> Child:
        async def ready(pid: int) -> bool:
            return server.is_ready(pid)

        return Child(server.program(), ready, before=server.clear_stale_pid, stop_timeout_s=30)

    @staticmethod
    def _nats(server: nats.Nats) -> Child:
        async def ready(_pid: int) -> bool:
            return await asyncio.to_thread(server.is_ready)

        return Child(server.program(), ready)

    def _mailbox(self, port: int) -> Child:
        argv = (
            sys.executable,
            "-m",
            "encours.embedded.mailbox",
            "--port",
            str(port),
            "--folder",
            str(self.layout.mail),
        )

        return Child(
            Program("mailbox", argv, self.layout.log / "mailbox.log", port=port, env=_base_environment()),
            _listens(port),
        )

    def _gateway(self, port: int, secret: str) -> Child:
        argv = (
            sys.executable,
            "-m",
            "encours.embedded.gateway",
            "--port",
            str(port),
            "--folder",
            str(self.layout.gateway),
            "--callback",
            f"http://127.0.0.1:{self._api_ports['dunning']}/v1/gateway-events",
            "--key-file",
            str(self.layout.admin_key),
        )
        environment = _base_environment() | {"ENCOURS_GATEWAY_SECRET": secret}
        return Child(
            Program("gateway", argv, self.layout.log / "gateway.log", port=port, env=environment),
            _listens(port),
        )

    def _service(
        self, service: str, admin_url: str, outside_nats_url: str | None, secrets: Secrets
    ) -> list[Child]:
        role = f"encours_{service}"

        def nats_url(user: str) -> str:
            return outside_nats_url or _nats_url(self.state, secrets, user)

        password = secrets.roles[role]
        environment = _base_environment() | {
            "ENCOURS_LEDGER_URL": database_dsn(admin_url, LEDGER_DATABASE, user=role, password=password),
            "ENCOURS_STORE_URL": database_dsn(admin_url, role, user=role, password=password),
            "ENCOURS_NATS_URL": nats_url(role),
            "ENCOURS_SMTP_URL": self.state.smtp_url or "",
            "ENCOURS_HOST": "127.0.0.1",
            "ENCOURS_VAR_DIR": str(self.layout.root),
            "ENCOURS_LOG_LEVEL": self.log_level,
            **self.bounds,
        }
        if service == "dunning":
            environment |= {
                "ENCOURS_GATEWAY_URL": self.state.gateway_url or "",
                "ENCOURS_GATEWAY_SECRET": self.outside.gateway[1]
                if self.outside.gateway
                else secrets.gateway,
                **self.links,
            }
        if service == "reporting":
            environment["ENCOURS_WEBHOOK_ALLOW"] = self.webhook_allow
        port = self._api_ports[service]
        module = f"{service}_svc"

        def program(role: str, port: int | None, extra: dict[str, str]) -> Program:
            argv = (sys.executable, "-m", module, role)
            return Program(
                role, argv, self.layout.log / f"{service}-{role}.log", service, port, environment | extra
            )

        async def api_ready(_pid: int) -> bool:
            assert self._probe is not None
            try:
                return (await self._probe.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
            except httpx.HTTPError:
                return False

        async def worker_ready(_pid: int) -> bool:
            return True

        return [
            Child(program("api", port, {"ENCOURS_PORT": str(port)}), api_ready),
            Child(
                program(
                    "worker", None, {"ENCOURS_RELAY_URL": nats_url(RELAY)} if service == RELAYING else {}
                ),
                worker_ready,
            ),
        ]


def _listens(port: int) -> Callable[[int], Awaitable[bool]]:
    async def ready(_pid: int) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    return ready


def _apis(children: list[Child]) -> list[tuple[str, Child]]:
    return [(child.program.service or "", child) for child in children if child.program.role == "api"]


def _nats_url(state: RunState, secrets: Secrets, user: str) -> str:
    return f"nats://{user}:{quote(secrets.nats[user], safe='')}@127.0.0.1:{state.nats_port}"


def _base_environment() -> dict[str, str]:
    """Our own environment less every `ENCOURS_…`: a child gets those that are meant for it, and no more."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("ENCOURS_")}
    return kept | {
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
