"""Logs: one JSON object per line on standard output, with the request's ids and without secrets."""

from __future__ import annotations

import contextlib
import logging
import sys
from functools import lru_cache
from typing import Any, TextIO

import msgspec
import structlog
from structlog.types import EventDict, WrappedLogger

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_SECRET_NAMES = ("authorization", "password", "secret", "token", "cookie", "sha256")


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    lowered = name.lower()
    return any(word in lowered for word in _SECRET_NAMES)


def _mask_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for name in event:
        if _is_secret(name):
            event[name] = "***"
    return event


def _dumps(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()


class _StandardOutput:
    """Standard output, looked up at each write, so that loggers follow a redirection.

    A line that cannot be written (a full disk, a closed pipe) is dropped: no work fails because of its log.
    """

    def write(self, text: str) -> int:
        try:
            return sys.stdout.write(text)
        except OSError:
            return 0

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stdout.flush()


def configure(service: str, *, level: str = "info", stream: TextIO | None = None) -> None:
    """Set up structlog, and format the loggers of the standard library (uvicorn, nats, asyncio) alike."""
    out: Any = stream or _StandardOutput()

    def add_service(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        add_service,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _mask_secrets,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_dumps),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(_LEVELS[level], logging.INFO))
