"""Processes of a service: ``python -m <service> api|worker|rebuild``.

Modules that only one of them needs are imported when it starts: a rebuild does not import the web framework.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pkgutil import resolve_name
from typing import Any

import uvloop
from pydantic import ValidationError

from encours.ledger import Ledger
from encours.projection.read_model import Reactor, ReadModel
from encours.service import logging as web_logging
from encours.service.calendar import run_calendar
from encours.service.connections import ledger_and_nats
from encours.service.memory import tune_collector
from encours.service.rebuilding import rebuild_main
from encours.service.settings import ServiceSettings, reasons
from encours.service.worker import Background, Worker

EXIT_USAGE = 2
"""Exit code for a wrong argument and for settings that are missing or wrong."""


@dataclass(frozen=True, slots=True)
class WorkerTasks:
    """Work of a worker besides projecting: reactors by the name of their read model, and background tasks."""

    reactors: Mapping[str, Reactor] = field(default_factory=dict)
    background: Sequence[Background] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Definition of a service, ``SERVICE`` in its ``__main__``.

    ``api`` and ``worker_tasks`` are written ``module:name``. ``api(settings)`` serves the HTTP API until a signal;
    ``worker_tasks(settings, ledger)`` is open around the worker and yields :class:`WorkerTasks`. ``reactors`` are the
    classes of its reactors, from which a rebuild knows where the first build of a model ends. ``jobs`` are further
    processes by name, each ``job(settings, options)``, written in the same way, that returns an exit code.
    """

    name: str
    models: Sequence[ReadModel]
    api: str
    worker_tasks: str | None = None
    reactors: Mapping[str, type[Reactor]] = field(default_factory=dict)
    settings: type[ServiceSettings] = ServiceSettings
    jobs: Mapping[str, str] = field(default_factory=dict)

    def main(self, arguments: Sequence[str]) -> int:
        """Run one of the processes until it ends and return its exit code."""
        run: Callable[[ServiceSettings], int]
        match arguments:
            case ["api"]:
                run = self._api
            case ["worker"]:
                run = self._worker
            case ["rebuild", *options]:
                run = partial(self._rebuild, options)
            case [job, *options] if job in self.jobs:
                run = partial(self._job, job, options)
            case _:
                module, names = (
                    self.name.replace("-", "_"),
                    "|".join(("api", "worker", "rebuild", *self.jobs)),
                )
                print(f"usage: python -m {module} {names} [options]", file=sys.stderr)
                return EXIT_USAGE
        try:
            settings = self.settings.from_environment()
        except ValidationError as wrong:
            print(f"{self.name} cannot start: {reasons(wrong)}", file=sys.stderr)
            return EXIT_USAGE
        return run(settings)

    def _api(self, settings: ServiceSettings) -> int:
        serve: Callable[[ServiceSettings], None] = resolve_name(self.api)
        serve(settings)
        return 0

    def _worker(self, settings: ServiceSettings) -> int:
        web_logging.configure(f"{self.name}-worker", level=settings.log_level)
        _interrupt_no_request()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._work(settings))
        return 0

    async def _work(self, settings: ServiceSettings) -> None:
        """Work until SIGTERM. Servers may be unavailable at the start and at any later time."""
        open_tasks: Callable[[Any, Ledger], AbstractAsyncContextManager[WorkerTasks]]
        open_tasks = resolve_name(self.worker_tasks) if self.worker_tasks else _nothing
        async with AsyncExitStack() as stack:
            ledger, nats = await stack.enter_async_context(ledger_and_nats(settings, f"{self.name} worker"))
            tasks = await stack.enter_async_context(open_tasks(settings, ledger))
            opened = {model: type(reactor) for model, reactor in tasks.reactors.items()}
            if opened != self.reactors:
                raise TypeError(f"{self.name} opens reactors {opened} and declares {self.reactors}")
            ledger_url = settings.ledger_url.get_secret_value()
            background = (
                *tasks.background,
                lambda: run_calendar(ledger, ledger_url, f"{self.name} calendar lease"),
            )
            worker = Worker(settings, ledger, nats, self.name, self.models, tasks.reactors, background)
            tune_collector()
            await worker.run()

    def _job(self, name: str, options: Sequence[str], settings: ServiceSettings) -> int:
        web_logging.configure(f"{self.name}-{name}", level=settings.log_level, stream=sys.stderr)
        job: Callable[[ServiceSettings, Sequence[str]], int] = resolve_name(self.jobs[name])
        return job(settings, options)

    def _rebuild(self, options: Sequence[str], settings: ServiceSettings) -> int:
        # Standard output is for the results.
        web_logging.configure(f"{self.name}-rebuild", level=settings.log_level, stream=sys.stderr)
        return rebuild_main(settings, self.name, self.models, options, self.reactors)


@asynccontextmanager
async def _nothing(_: ServiceSettings, __: Ledger) -> AsyncIterator[WorkerTasks]:
    yield WorkerTasks()


def _interrupt_no_request() -> None:
    """Let a wake-up of this process wait for the turn of the one that runs; its share of the processor stays the same.

    Workers wake up at each burst of events, and would interrupt the API just then.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a container may refuse it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
