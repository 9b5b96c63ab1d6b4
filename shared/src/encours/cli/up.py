"""`encours up`: run an installation on this machine until Ctrl-C; `encours down`: stop it from another shell."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import psutil
import typer

from encours.cli.common import AsJson, CliError, Exit, LocalInstallation, err, installation, out, print_line
from encours.embedded.machine import Machine, Outside
from encours.embedded.runstate import AlreadyRunning, RunState, sole_owner

_STOP_TIMEOUT_S = 60.0

T = TypeVar("T")


def up(
    demo: Annotated[bool, typer.Option("--demo", help="Load the demo, then print its figures.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start servers, databases and the four services on this machine, and keep them running until Ctrl-C."""
    here = installation()
    here.create_files()
    os.umask(0o077)
    try:
        with sole_owner(here.layout):
            asyncio.run(_stay_up(here, demo=demo, as_json=as_json))
    except AlreadyRunning as running:
        raise CliError(str(running), Exit.BUSY) from running


def down(
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing when nothing runs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop the `encours up` of this folder and wait for its end."""
    here = installation()
    state = here.run
    running = state is not None and state.alive
    if state is not None and running:
        process = psutil.Process(state.pid)
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except psutil.TimeoutExpired as slow:
            raise CliError(f"pid {state.pid} has not stopped after {_STOP_TIMEOUT_S:.0f} s") from slow
    elif not quiet:
        err.print(f"nothing runs on {here.layout.root}")
    if as_json:
        print_line({"stopped": state.pid if state is not None and running else None})


async def _stay_up(here: LocalInstallation, *, demo: bool, as_json: bool) -> None:
    began, ended = time.monotonic(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)

    def announce(text: str) -> None:
        err.print(f"[{time.monotonic() - began:6.1f} s] {text}", markup=False)

    machine = Machine(
        here.layout,
        _outside(here),
        announce,
        log_level=here.settings.log_level,
        bounds=here.settings.bounds(),
        links=here.settings.links(),
        webhook_allow=here.settings.webhook_allow,
    )
    try:
        started, new_key = await _unless(ended, _start(machine, announce))
        if started:
            _report(here, machine.state, new_key, as_json=as_json)
            if demo:
                await _unless(ended, _demo(here, as_json=as_json))
            if not ended.is_set():
                announce("Ctrl-C stops everything")
            await ended.wait()
        announce("stopping")
    finally:
        await machine.stop()
    announce("stopped")


async def _start(machine: Machine, announce: Callable[[str], None]) -> str | None:
    """Start, and show each step: as a status line on a terminal, as lines in a log."""
    if not err.is_terminal:
        return await machine.start(announce)
    with err.status("starting") as spinner:
        return await machine.start(lambda text: spinner.update(text))


async def _unless(ended: asyncio.Event, work: Coroutine[Any, Any, T]) -> tuple[bool, T | None]:
    """Return (True, result) of `work`, or (False, None) after a signal to stop."""
    task, stop = asyncio.create_task(work), asyncio.create_task(ended.wait())
    await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if task.done():
        return True, task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return False, None


async def _demo(here: LocalInstallation, *, as_json: bool) -> None:
    """Run `encours demo` as a process, while the supervisor continues."""
    argv = (sys.executable, "-m", "encours.cli", "demo", *(["--json"] if as_json else []))
    environment = os.environ | {"ENCOURS_VAR_DIR": str(here.layout.root)}
    process = await asyncio.create_subprocess_exec(*argv, env=environment, start_new_session=True)
    try:
        if await process.wait() != 0:
            err.print("the demo did not finish: `encours demo` goes on where it stopped", style="red")
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


def _report(here: LocalInstallation, state: RunState, new_key: str | None, *, as_json: bool) -> None:
    if as_json:
        print_line({"state": state.state, "urls": state.urls, "admin_key_file": str(here.layout.admin_key)})
        return
    out.print("\n[bold]Encours is ready[/bold]")
    for service, url in state.urls.items():
        out.print(f"  {service:<10} {url}/docs")
    out.print(f"  mail       {here.layout.mail}")
    if state.gateway_url and here.settings.gateway_secret is None:
        out.print(f"  post, sms  {here.layout.gateway}")
    if new_key:
        out.print(f"  admin key  {new_key}\n             shown this once; kept in {here.layout.admin_key}")
    out.print()


def _outside(here: LocalInstallation) -> Outside:
    given = here.settings
    if bool(given.gateway_url) != bool(given.gateway_secret):
        raise CliError("ENCOURS_GATEWAY_URL and ENCOURS_GATEWAY_SECRET belong together: set both or neither")
    database_url, nats_url, smtp_url, gateway_secret = (
        secret.get_secret_value() if secret else None
        for secret in (given.database_url, given.nats_url, given.smtp_url, given.gateway_secret)
    )
    gateway = (given.gateway_url, gateway_secret) if gateway_secret else None
    return Outside(database_url, nats_url, smtp_url, gateway)
