"""`encours up` over its life: on servers that exist, stopped politely, killed, and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import psutil
import pytest

from encours.embedded import postgres
from encours.embedded.layout import Layout
from encours.embedded.process import free_port
from encours.embedded.runstate import read_state
from encours.embedded.secrets import load_secrets
from encours.testing.forks import Fork
from encours.testing.servers import private_layout, running_nats
from encours.testing.waiting import HANG_S, wait_until


@pytest.fixture
def outside() -> Iterator[dict[str, str]]:
    """A PostgreSQL and a nats-server that nobody supervises, by their TCP addresses."""
    with private_layout() as layout:
        secrets = load_secrets(layout)
        server = postgres.prepare(layout, password=secrets.postgres, port=free_port())
        process = server.start()
        try:
            with running_nats(layout, secrets, syncs=False) as nats:
                yield {
                    "ENCOURS_DATABASE_URL": f"postgresql://postgres:{quote(secrets.postgres)}@127.0.0.1:{server.port}/postgres",
                    "ENCOURS_NATS_URL": nats.server.url(),
                }
        finally:
            server.stop(process)


def executed(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start `encours up` as a person does: each program imports itself."""
    with log.open("ab") as sink:
        argv = (sys.executable, "-m", "encours.testing.up", "up")
        return subprocess.Popen(argv, env=environment, stdout=sink, stderr=sink)


def forked(environment: dict[str, str], log: Path) -> Fork:
    """Start it quickly."""
    return Fork("encours.testing.forked_up", "up", env=environment, stdout=log)


@contextmanager
def up(
    layout: Layout,
    environment: dict[str, str],
    start: Callable[[dict[str, str], Path], Fork | subprocess.Popen[bytes]] = forked,
) -> Iterator[Fork | subprocess.Popen[bytes]]:
    """`encours up`, ready."""
    log = layout.root / "up.log"
    process = start(os.environ | environment | {"ENCOURS_VAR_DIR": str(layout.root)}, log)
    try:
        wait_until(lambda: process.poll() is not None or _ready(layout, process.pid), "not ready")
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(HANG_S)


def _ready(layout: Layout, pid: int) -> bool:
    state = read_state(layout)
    return state is not None and state.pid == pid and state.state == "ready"


def _children(layout: Layout) -> list[int]:
    state = read_state(layout)
    assert state is not None
    return [process.pid for process in state.processes if process.pid is not None]


def _gone(pids: list[int]) -> bool:
    return not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids)


def test_servers_that_exist_are_used_and_neither_stopping_nor_a_kill_nor_a_second_installation_needs_repair(
    outside: dict[str, str],
) -> None:
    with private_layout() as layout, private_layout() as second:
        with up(layout, outside, executed) as process:
            state = read_state(layout)
            assert state is not None
            assert state.postgres is None
            assert {child.role for child in state.processes} == {"mailbox", "gateway", "api", "worker"}
            key = layout.admin_key.read_text()
            _refused(second, outside)
            children = _children(layout)
            process.send_signal(signal.SIGINT)
            assert process.wait(HANG_S) == 0
        assert _gone(children)

        with up(layout, outside) as process:
            assert layout.admin_key.read_text() == key
            children = _children(layout)
            process.kill()
            process.wait()
        wait_until(lambda: _gone(children), "children outlive their supervisor")

        with up(layout, outside):
            state = read_state(layout)
            assert state is not None
            headers = {"Authorization": f"Bearer {key.strip()}"}
            assert httpx.get(f"{state.urls['invoice']}/v1/entities", headers=headers).status_code == 200
        assert (layout.root / "up.log").read_text().count(key.strip()) == 1, "the key is shown once"


def _refused(second: Layout, outside: dict[str, str]) -> None:
    """Try a second installation, which does not start. The first still has its passwords: its next start shows it."""
    refused = subprocess.run(
        (sys.executable, "-m", "encours.testing.up", "up"),
        env=os.environ | outside | {"ENCOURS_VAR_DIR": str(second.root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_S,
    )
    assert refused.returncode == 3
    assert "serves another installation already" in refused.stderr


def test_what_cannot_start_is_said_with_its_log(tmp_path: Path) -> None:
    environment = {"ENCOURS_DATABASE_URL": f"postgresql://postgres:x@127.0.0.1:{free_port()}/postgres"}
    done = subprocess.run(
        (sys.executable, "-m", "encours.cli", "up"),
        env=os.environ | environment | {"ENCOURS_VAR_DIR": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_S,
    )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    state = read_state(Layout(tmp_path / "var"))
    assert state is not None
    assert state.state == "stopped"
    assert _gone([process.pid for process in state.processes if process.pid])
