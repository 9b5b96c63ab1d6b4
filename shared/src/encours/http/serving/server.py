"""Server of an app: uvicorn with uvloop and httptools, which finishes running requests before it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from encours.http.services import Services
from encours.http.serving.protocol import Connections, protocol, raise_descriptor_limit
from encours.service import logging as web_logging
from encours.service.memory import tune_collector
from encours.service.settings import ServiceSettings

KEEP_ALIVE_S = 75
BACKLOG = 2048

log = structlog.get_logger("encours.web")


class DrainingServer(uvicorn.Server):
    """Drain on the first SIGTERM: become unready, wait for load balancers, stop listening, finish running requests.

    A second signal ends at once.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, delay_s: float) -> None:
        super().__init__(config)
        self._app = app
        self._delay_s = delay_s
        self._draining = False

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals on the loop, where readiness changes at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal drains, the second does not wait."""
        if self._draining:
            self.force_exit = True
            self.should_exit = True
            return
        self._draining = True
        log.info("draining", signal=signal.Signals(sig).name)
        services: Services | None = getattr(self._app.state, "services", None)
        if services is not None:
            services.draining.set()
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, setattr, self, "should_exit", True)
        else:
            self.should_exit = True


async def serve_async(app: FastAPI, settings: ServiceSettings, *, fd: int | None = None) -> None:
    """Serve until a signal. Returns when the last request is answered, or after the drain time-out.

    Raises SystemExit with a code other than 0 if start-up failed (address in use, database of another version).
    """
    limit = raise_descriptor_limit(settings.connections_max)
    bounds = Connections(limit, max(1, limit * 3 // 4), settings.headers_timeout_s)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        fd=fd,
        http=protocol(bounds),
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=settings.drain_timeout_s,
        proxy_headers=False,
    )
    server = DrainingServer(config, app, settings.drain_delay_s)
    tune_collector()
    await server.serve()
    if not server.started:
        raise SystemExit(3)


def serve(app: FastAPI, settings: ServiceSettings) -> None:
    """Run the app in this process until SIGTERM or SIGINT."""
    web_logging.configure(app.state.name, level=settings.log_level)
    log.info("starting", host=settings.host, port=settings.port, pid=os.getpid())
    with asyncio.Runner(loop_factory=_uvloop) as runner:
        runner.run(serve_async(app, settings))


def _uvloop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()
