"""Programs of Encours in forks of a process that has imported them: imports take longer than most tests."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory

from encours.cli.main import COMMANDS, main
from encours.embedded.process import Program, popen_options
from encours.embedded.secrets import SERVICES
from encours.embedded.supervisor import Running, execute
from encours.testing.waiting import HANG_S

_IMPORTED = (
    "pytest",  # a fork imports the main module of the process that asked for it
    "encours.service.process",
    "encours.embedded.mailbox",
    "encours.embedded.gateway",
    *(f"encours.cli.{module}" for module, _ in COMMANDS.values()),
    *(f"{service}_svc.{module}" for service in SERVICES for module in ("models", "app", "worker")),
)
_DESCRIPTORS = 4096


@cache
def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_IMPORTED))
    return context


class Fork:
    """A running `python -m MODULE ARGUMENTS…`, or `encours ARGUMENTS…`, that has only this environment.

    Its methods are those of `subprocess.Popen`.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        env: Mapping[str, str],
        stdout: Path | None = None,
        stderr: Path | None = None,
    ) -> None:
        self.args = [module, *arguments]
        outputs = [stdout or Path(os.devnull), stderr or stdout or Path(os.devnull)]
        for output in outputs:
            output.open("ab").close()  # it can be read from now on
        # Not a daemon of multiprocessing: those are ended without a word.
        self._process = _forks().Process(target=_begin, args=(module, arguments, dict(env), outputs))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        self.returncode: int | None = None
        self._looking = threading.Lock()

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        with self._looking:  # the exit code can be read once
            if self.returncode is None:
                self.returncode = self._process.exitcode
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when it has ended. Raises `subprocess.TimeoutExpired`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            wait([self._process.sentinel], left)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run_fork(
    module: str, *arguments: str, env: Mapping[str, str], timeout: float = HANG_S
) -> subprocess.CompletedProcess[str]:
    """Run a :class:`Fork` to its end."""
    with TemporaryDirectory(prefix="encours-fork-") as folder:
        outputs = [Path(folder, name) for name in ("stdout", "stderr")]
        fork = Fork(module, *arguments, env=env, stdout=outputs[0], stderr=outputs[1])
        try:
            code = fork.wait(timeout)
        except subprocess.TimeoutExpired:
            fork.kill()
            raise
        texts = [output.read_text(encoding="utf-8") for output in outputs]
        return subprocess.CompletedProcess(fork.args, code, *texts)


def _begin(
    module: str, arguments: Sequence[str], environment: Mapping[str, str], outputs: Sequence[Path]
) -> None:
    for descriptor, output in enumerate(outputs, 1):
        opened = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, descriptor)
        os.close(opened)
    _become(module, arguments, environment)


async def start(program: Program, log: int) -> Running:
    """Start a program for the supervisor: one in Python by a fork of this process, others as the supervisor does."""
    match program.argv:
        case (sys.executable, "-m", module, *arguments):
            return _Child(_fork(program, log, module, arguments))
        case _:
            return await execute(program, log)


class _Child:
    """A fork of a process in which asyncio runs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()
        asyncio.get_child_watcher().add_child_handler(pid, self._end)

    def _end(self, _pid: int, code: int) -> None:
        self.returncode = code
        self._ended.set()

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)


def _fork(program: Program, log: int, module: str, arguments: Sequence[str]) -> int:
    options = popen_options(program, log)
    handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # A signal to the child must not reach the parent's event loop, whose wakeup socket it has at first.
    signal.pthread_sigmask(signal.SIG_BLOCK, handled)
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
        return pid
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in handled:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
        os.setsid()
        options["preexec_fn"]()
        for descriptor, opened in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
            os.dup2(opened, descriptor)
        os.closerange(
            3, _DESCRIPTORS
        )  # sockets of the parent that stay open would look alive to the other end
        _become(module, arguments, program.env)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _become(module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    gc.freeze()  # what was imported is shared: a collection would write to its pages, and find what others use
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = [module, *arguments]
    if module == "encours":
        main()
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
