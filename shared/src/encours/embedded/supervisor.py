"""Keeps programs running: restarts each that ends, with growing pauses and a log line; stops them in order."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from encours.embedded.process import (
    Program,
    StartFailed,
    bound_log,
    open_log,
    popen_options,
    started_at,
    used_s,
)
from encours.embedded.runstate import ProcessState

Announce = Callable[[str], None]

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 15.0
_STEADY_AFTER_S = 20.0
_POLL_S = 0.05
_READY_LOOK_S = 2.0
"""Interval at which a program that is ready is asked again, which costs it and this process a request."""
_SAY_S = 10.0
_ENDS_MAX = 8
"""So often a program may end before it was ever ready: the orphans of a killed one may hold its data for a while."""


class Running(Protocol):
    """A process that runs, or has run: part of :class:`asyncio.subprocess.Process`."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    async def wait(self) -> int: ...
    def send_signal(self, signal: int) -> None: ...


async def execute(program: Program, log: int) -> Running:
    """Start a program that writes to this open log."""
    return await asyncio.create_subprocess_exec(*program.argv, **popen_options(program, log))


start: Callable[[Program, int], Awaitable[Running]] = execute
"""Starts each program; tests put a quicker one in its place."""


@dataclass(slots=True)
class Child:
    """One program under supervision. `ready` answers whether the process now running does its work."""

    program: Program
    ready: Callable[[int], Awaitable[bool]]
    before: Callable[[], None] = lambda: None
    stop_timeout_s: float = 20.0
    ends_max: int = _ENDS_MAX
    state: ProcessState = field(init=False)
    process: Running | None = None

    def __post_init__(self) -> None:
        self.state = ProcessState(self.program.role, self.program.service, port=self.program.port)


class Supervisor:
    """Children are started in the order given and stopped in the opposite one, those of one `add` together."""

    def __init__(self, announce: Announce, changed: Callable[[], None]) -> None:
        self._announce = announce
        self._changed = changed
        self._groups: list[list[Child]] = []
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()

    @property
    def children(self) -> list[Child]:
        return [child for group in self._groups for child in group]

    async def add(self, *children: Child) -> None:
        """Start these and wait until all are ready, saying what is waited for.

        A busy machine makes a start late and never fails it: no clock ends the wait. Raises :class:`StartFailed`,
        naming the log, for a child that ends again and again before it is ready.
        """
        self._groups.append(list(children))
        for child in children:
            self._tasks[id(child)] = asyncio.create_task(self._keep(child), name=child.program.label)
        began = time.monotonic()
        say_at = began + _SAY_S
        while waiting := [child for child in children if child.state.state != "ready"]:
            if self._stopping.is_set():
                return
            for child in waiting:
                if child.state.restarts >= child.ends_max:
                    raise StartFailed(
                        f"{child.program.label} ended {child.state.restarts} times before it was ready; "
                        f"its log is {child.program.log}"
                    )
            if time.monotonic() > say_at:
                self._announce(_waited_for(waiting, time.monotonic() - began))
                say_at += _SAY_S
            await asyncio.sleep(_POLL_S)

    async def stop(self) -> None:
        """End all, last started first, each group together; by force what does not listen."""
        self._stopping.set()
        for group in reversed(self._groups):
            await asyncio.gather(*(self._end(child) for child in group))
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _keep(self, child: Child) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._run_once(child)
            if self._stopping.is_set():
                break
            if time.monotonic() - began > _STEADY_AFTER_S:
                pause_s = _FIRST_PAUSE_S
            child.state.restarts += 1
            self._move(child, "restarting")
            self._announce(
                f"{child.program.label} {_ending(code)}; starting again in {pause_s:.1f} s (log: {child.program.log})"
            )
            await self._pause(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        child.state.pid = child.state.created = None
        self._move(child, "stopped")

    async def _run_once(self, child: Child) -> int:
        child.before()
        log = open_log(child.program.log)
        try:
            process = await start(child.program, log)
        finally:
            os.close(log)
        child.process = process
        child.state.pid, child.state.created = process.pid, started_at(process.pid)
        self._move(child, "starting")
        watch = asyncio.create_task(self._watch(child, process))
        try:
            return await process.wait()
        finally:
            watch.cancel()

    async def _watch(self, child: Child, process: Running) -> None:
        """Tell `starting` from `ready`, and keep telling: a process that lives need not work."""
        interval_s = _POLL_S
        while process.returncode is None:
            ready = await child.ready(process.pid)
            if self._stopping.is_set():
                return
            if ready and child.state.state != "ready":
                if child.state.restarts:
                    self._announce(f"{child.program.label} is ready again")
                self._move(child, "ready")
            elif not ready and child.state.state == "ready":
                self._move(child, "not ready")
            bound_log(child.program.log)
            interval_s = _READY_LOOK_S if ready else min(interval_s * 1.5, 0.5)
            await asyncio.sleep(interval_s)

    async def _end(self, child: Child) -> None:
        process = child.process
        if process is None or process.returncode is not None:
            return
        self._move(child, "stopping")
        _signal(process, child.program.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), child.stop_timeout_s)
        except TimeoutError:
            self._announce(
                f"{child.program.label} does not stop after {child.stop_timeout_s:.0f} s: ended by force"
            )
            _signal(process, signal.SIGKILL)
            await process.wait()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    def _move(self, child: Child, state: str) -> None:
        if child.state.state != state:
            child.state.state = state
            self._changed()


def _waited_for(children: Sequence[Child], waited_s: float) -> str:
    """Names of the children and how far they are: little processor time in many seconds means a busy machine."""
    used = sum(used_s(child.state.pid) for child in children if child.state.pid is not None)
    names = ", ".join(child.program.label for child in children)
    return f"waiting for {names}: {used:.1f} s of processor time in {waited_s:.0f} s"


def _signal(process: Running, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except ProcessLookupError:
        return


def _ending(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return "ended by itself" if code == 0 else f"failed with exit code {code}"
