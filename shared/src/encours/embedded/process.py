"""Child processes: in a session of their own, known by pid and start time, ended with their parent."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import randbelow
from typing import Any

import psutil

LOG_MAX_BYTES = 20_000_000
_PR_SET_PDEATHSIG = 1
_OWN_PORTS = range(15_000, 32_000)
_PORTS_TRIED = 100
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class StartFailed(RuntimeError):
    """A server or service did not come up; the message names its log."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the operating system to run as."""

    uid: int
    gid: int
    name: str


@dataclass(frozen=True, slots=True)
class Program:
    """A program to start, and how to end it politely."""

    role: str
    argv: tuple[str, ...]
    log: Path
    service: str | None = None
    port: int | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def label(self) -> str:
        return f"{self.service}-svc {self.role}" if self.service else self.role


def popen_options(program: Program, log: int) -> dict[str, Any]:
    """Keyword arguments that `subprocess.Popen` and asyncio's `create_subprocess_exec` both take."""
    options: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": log,
        "stderr": subprocess.STDOUT,
        "env": dict(program.env),
        "cwd": program.cwd,
        # A Ctrl-C reaches the whole foreground group: only the supervisor may see it, and stop them in its order.
        "start_new_session": True,
    }
    if program.account is not None:
        options |= {"user": program.account.uid, "group": program.account.gid, "extra_groups": []}
    if _LIBC is not None:
        options["preexec_fn"] = _end_with_parent(program.stop_signal)
    return options


def _end_with_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    """Ask the kernel for `stop_signal` when the parent dies, so that `kill -9` of a supervisor leaves no orphans."""
    libc = _LIBC
    assert libc is not None
    parent = os.getpid()

    def in_child() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return in_child


def bound_log(path: Path) -> None:
    """Set a log of over 20 MB aside as `.1` and begin anew, while its program goes on writing.

    The program appends to the open file: it is copied and emptied, and lines of the moment between are lost.
    """
    with contextlib.suppress(OSError):
        if path.stat().st_size > LOG_MAX_BYTES:
            shutil.copyfile(path, path.with_suffix(path.suffix + ".1"))
            os.truncate(path, 0)


def open_log(path: Path) -> int:
    """An appending, private log file, bounded by :func:`bound_log`."""
    bound_log(path)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start it without waiting for anything."""
    log = open_log(program.log)
    try:
        return subprocess.Popen(program.argv, **popen_options(program, log))
    finally:
        os.close(log)


def await_ready(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> bool:
    """Wait until `ready()`, for as long as the process lives; False when it ended by itself.

    No clock ends it: a busy machine makes a start late, and no bound on the delay is known.
    """
    while not ready():
        if process.poll() is not None:
            return False
        time.sleep(0.02)
    return True


def stop(process: subprocess.Popen[bytes], program: Program, timeout_s: float = 20.0) -> None:
    """End it politely, and by force after `timeout_s`."""
    if process.poll() is None:
        process.send_signal(program.stop_signal)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def started_at(pid: int) -> float | None:
    """Return the start of the process in seconds since 1970, unique together with its pid; None if it does not run."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None


def used_s(pid: int) -> float:
    """Processor time in seconds that the process has had; 0 when there is none."""
    try:
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
    except psutil.NoSuchProcess:
        return 0.0


def is_same(pid: int, created: float) -> bool:
    """Return True while `pid` is still the process that started at `created`, not a later one with the same number."""
    found = started_at(pid)
    return found is not None and abs(found - created) < 1.0


def end_orphan(
    pid: int, created: float, *, stop_signal: signal.Signals = signal.SIGTERM, timeout_s: float = 20.0
) -> bool:
    """Stop a process that an earlier supervisor left; True when there was one."""
    if not is_same(pid, created):
        return False
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.send_signal(stop_signal)
        try:
            process.wait(timeout_s)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(5)
    return True


def free_port(preferred: int | None = None, *, taken: frozenset[int] = frozenset()) -> int:
    """`preferred` when nobody listens there on loopback, else another that is free.

    The other is below the ports that systems give to outgoing connections: until a server listens on it, which takes
    long on a busy machine, no connection may get it.
    """
    others = [_OWN_PORTS.start + randbelow(len(_OWN_PORTS)) for _ in range(_PORTS_TRIED)]
    for port in [preferred, *others] if preferred else others:
        if port not in taken and _is_free(port):
            return port
    raise StartFailed("no free port on the loopback interface")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
