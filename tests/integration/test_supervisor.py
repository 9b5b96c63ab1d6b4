"""The supervisor: what dies comes back, what stays dead is retried with pauses, and nothing outlives it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from encours.embedded.process import Program, StartFailed, end_orphan, free_port, is_same, started_at
from encours.embedded.runstate import (
    AlreadyRunning,
    ProcessState,
    RunState,
    read_state,
    sole_owner,
    write_state,
)
from encours.embedded.supervisor import Child, Supervisor
from encours.testing.servers import private_layout
from encours.testing.waiting import HANG_S, until

pytestmark = pytest.mark.slow

SLEEPER = "import signal; signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\n"
    "while True: signal.pause()"
)


async def _alive(_pid: int) -> bool:
    return True


def _child(tmp_path: Path, code: str, *, stop_timeout_s: float = 5.0) -> Child:
    argv = (sys.executable, "-c", code)
    return Child(
        Program("sleeper", argv, tmp_path / "log", env=dict(os.environ)),
        _alive,
        stop_timeout_s=stop_timeout_s,
    )


@pytest.fixture
async def supervisor() -> AsyncIterator[tuple[Supervisor, list[str]]]:
    said: list[str] = []
    running = Supervisor(said.append, lambda: None)
    yield running, said
    await running.stop()


async def test_a_killed_child_is_started_again_and_it_is_said(
    supervisor: tuple[Supervisor, list[str]], tmp_path: Path
) -> None:
    running, said = supervisor
    child = _child(tmp_path, SLEEPER)
    await running.add(child)
    first = child.state.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.state.state == "ready" and child.state.pid != first)
    assert child.state.restarts == 1
    assert any("was killed by SIGKILL" in line for line in said)
    await until(lambda: any("is ready again" in line for line in said))


async def test_a_child_that_is_being_stopped_is_not_called_ready_again(
    supervisor: tuple[Supervisor, list[str]], tmp_path: Path
) -> None:
    running, said = supervisor
    child = _child(tmp_path, STUBBORN, stop_timeout_s=2.5)  # longer than the pause between two looks
    await running.add(child)
    # Before that the signal would find nobody stubborn.
    await until(lambda: (tmp_path / "log").read_text() == "up\n")
    child.state.restarts = 1
    stop = asyncio.create_task(running.stop())
    await until(lambda: child.state.state == "stopping")
    await stop
    assert not any("is ready again" in line for line in said)


async def test_a_child_that_cannot_start_is_reported_with_its_log(
    supervisor: tuple[Supervisor, list[str]], tmp_path: Path
) -> None:
    running, said = supervisor

    async def never(_pid: int) -> bool:
        return False

    child = _child(tmp_path, "raise SystemExit(3)")
    child.ready, child.ends_max = never, 2
    with pytest.raises(StartFailed, match=f"ended 2 times.*{tmp_path / 'log'}"):
        await running.add(child)

    def pauses() -> list[float]:
        return [float(line.split(" in ")[1].split(" s ")[0]) for line in said if "exit code 3" in line]

    assert pauses() == sorted(pauses())
    assert pauses()[1] == 2 * pauses()[0]


async def test_a_start_waits_and_says_what_for(
    supervisor: tuple[Supervisor, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("encours.embedded.supervisor._SAY_S", 0.1)
    running, said = supervisor

    async def late(_pid: int) -> bool:
        return len(said) > 2

    child = _child(tmp_path, "while True: pass")
    child.ready = late
    await running.add(child)
    assert said[0].startswith("waiting for sleeper: ")
    assert "s of processor time in" in said[0]


async def test_stop_ends_by_force_what_does_not_listen(tmp_path: Path) -> None:
    running = Supervisor(lambda _: None, lambda: None)
    child = _child(tmp_path, STUBBORN, stop_timeout_s=0.2)
    await running.add(child)
    await until(lambda: (tmp_path / "log").read_text() == "up\n")
    pid = child.state.pid
    assert pid is not None
    await running.stop()
    assert not psutil.pid_exists(pid)
    assert child.state.state == "stopped"


def test_children_end_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from encours.embedded.process import Program, spawn\n"
        f"child = spawn(Program('child', (sys.executable, '-c', {SLEEPER!r}), Path({str(tmp_path / 'log')!r})))\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen((sys.executable, "-c", code), stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    child.wait(HANG_S)


def test_a_pid_that_another_process_has_now_is_not_touched() -> None:
    mine = started_at(os.getpid())
    assert mine is not None
    assert is_same(os.getpid(), mine)
    assert not end_orphan(os.getpid(), mine - 3600)


def test_one_folder_has_one_owner_and_the_state_survives_the_way_to_disk() -> None:
    with private_layout() as layout:
        processes = [ProcessState("api", "invoice", 12, 1.5, 8001, "ready", 2)]
        state = RunState(
            *(os.getpid(), started_at(os.getpid()) or 0, "2026-01-01T00:00:00+00:00", layout.identity),
            processes=processes,
        )
        write_state(layout, state)
        assert read_state(layout) == state
        assert state.alive
        with sole_owner(layout), pytest.raises(AlreadyRunning, match=str(os.getpid())), sole_owner(layout):
            pass


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port
