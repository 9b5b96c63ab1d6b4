"""Context of a request, from the outermost layer to the route and back: ids, caller, headers to add.

One slotted object in the ASGI scope replaces context variables and a chain of middlewares, each of which would take
time per request, mostly to add a header.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, MutableMapping
from typing import Any

from starlette.requests import HTTPConnection

from encours.http.access.caller import Caller

SCOPE_KEY = "encours"

# W3C Trace Context: version 00, no all-zero ids. Later versions may append fields, which we do not pass on.
_TRACEPARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-.*)?"
)
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{8,128}")


def _nothing() -> None:
    """For a request that holds no place of a key's share."""


class RequestContext:
    """Properties of a request. Only the layers of this package write to it."""

    __slots__ = (
        "body_complete",
        "body_max_bytes",
        "caller",
        "content_length",
        "deadline",
        "headers",
        "leave_share",
        "ledger",
        "received_bytes",
        "request_id",
        "sent",
        "status",
        "streams",
        "timeout_s",
        "traceparent",
    )

    def __init__(
        self,
        request_id: str,
        traceparent: str,
        *,
        sent: dict[bytes, bytes],
        body_max_bytes: int,
        content_length: int | None,
    ) -> None:
        self.request_id = request_id
        self.sent = sent
        self.traceparent = traceparent
        self.body_max_bytes = body_max_bytes
        self.content_length = content_length
        self.headers: list[tuple[bytes, bytes]] = []
        self.caller: Caller | None = None
        self.ledger: str | None = None
        self.deadline: asyncio.Timeout | None = None
        self.timeout_s = 0.0
        self.leave_share: Callable[[], None] = _nothing
        self.status = 0
        self.received_bytes = 0
        self.body_complete = False
        self.streams = False

    def header(self, name: bytes) -> str | None:
        """Return a header of the request by its lower-case name, as Latin-1; the last one if it was sent twice."""
        value = self.sent.get(name)
        return None if value is None else value.decode("latin-1")

    def add_header(self, name: bytes, value: str) -> None:
        """Add a header to the answer, of any status. ``name`` is in lower case."""
        self.headers.append((name, value.encode("latin-1")))

    def stream_body(self, max_bytes: int) -> None:
        """Mark an upload of a file: a larger bound, and a deadline for the pause between two chunks only."""
        self.body_max_bytes = max_bytes
        self.streams = True
        self.without_deadline()

    def extend_deadline(self) -> None:
        """Give a request that gets on its whole time again: the deadline is for one that stands still."""
        if self.deadline is not None:
            self.deadline.reschedule(asyncio.get_running_loop().time() + self.timeout_s)

    def without_deadline(self) -> None:
        """Mark a request that streams and has no deadline while data flows."""
        if self.deadline is not None:
            self.deadline.reschedule(None)


def context(connection: HTTPConnection) -> RequestContext:
    """Return the context that the outermost layer made for this request."""
    return context_of(connection.scope)


def context_of(scope: MutableMapping[str, Any]) -> RequestContext:
    """Return the context of an ASGI scope."""
    found: RequestContext = scope[SCOPE_KEY]
    return found


def request_id_from(value: bytes | None) -> str:
    """Return the caller's ``Request-Id`` if it is safe to log and echo, else a new one."""
    if value is not None and _REQUEST_ID.fullmatch(value):
        return value.decode("ascii")
    return f"req_{os.urandom(16).hex()}"


def continue_trace(value: bytes | None) -> str:
    """Return a ``traceparent`` for this process: a new span in the caller's trace, or a new trace.

    The result is stored with events, published over NATS and answered. Sampling flags are kept.
    """
    match = _TRACEPARENT.fullmatch(value) if value is not None else None
    span = os.urandom(8).hex()
    if match is None:
        return f"00-{os.urandom(16).hex()}-{span}-01"
    return f"00-{match.group(1).decode()}-{span}-{match.group(2).decode()}"
