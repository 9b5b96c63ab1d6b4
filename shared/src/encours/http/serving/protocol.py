"""Bounds below HTTP: how many connections, how large and how slow the head of a request may be.

uvicorn leaves these to a proxy in front of it. Here one client that opens thousands of connections, or drips a
header without end, would take the process from all others. When the process has as many connections as it takes, the
one that has been idle longest (no request at work) makes room: a probe or a caller who comes now gets through.
"""

from __future__ import annotations

import asyncio
import resource
from collections import OrderedDict
from dataclasses import dataclass, field

import msgspec
import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from encours.http import problems
from encours.http.catalogue import HeadersTooLarge, MalformedRequest, Overloaded, RequestTimeout
from encours.http.context import request_id_from
from encours.kernel.errors import Refusal

HEADER_MAX_BYTES = 16 * 1024
HEADERS_MAX_BYTES = 64 * 1024
RESERVED_DESCRIPTORS = 256
"""Left to databases, NATS, files and logs."""

log = structlog.get_logger("encours.web.connections")


@dataclass(slots=True)
class Connections:
    """Connections of a process, the idle ones by how long they are: at most ``limit``, ``per_address`` from one."""

    limit: int
    per_address: int
    headers_s: float
    """Time from the opening of a connection, or the first byte of a later request, to the end of its headers."""

    _open: dict[str, int] = field(default_factory=dict)
    _idle: OrderedDict[BoundedProtocol, None] = field(default_factory=OrderedDict)

    @property
    def total(self) -> int:
        """Connections that are open."""
        return sum(self._open.values())

    def enter(self, connection: BoundedProtocol) -> bool:
        """Count a new connection, which is idle. False when there is no room and none is idle."""
        address = connection.address
        if self._open.get(address, 0) >= self.per_address and not self._make_room(address):
            return False
        if self.total >= self.limit and not self._make_room(None):
            return False
        self._open[address] = self._open.get(address, 0) + 1
        self._idle[connection] = None
        return True

    def leave(self, connection: BoundedProtocol) -> None:
        """Count a connection as closed."""
        self._idle.pop(connection, None)
        left = self._open.pop(connection.address, 1) - 1
        if left:
            self._open[connection.address] = left

    def busy(self, connection: BoundedProtocol) -> None:
        """A request of the connection is at work: it is not closed to make room."""
        self._idle.pop(connection, None)

    def idle(self, connection: BoundedProtocol) -> None:
        """The connection waits for its next request."""
        self._idle[connection] = None

    def _make_room(self, address: str | None) -> bool:
        for connection in self._idle:
            if address is None or connection.address == address:
                connection.close_idle()
                return True
        return False


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with httptools, within the bounds of :class:`Connections`."""

    bounds: Connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._counted = self.bounds.enter(self)
        self._head_bytes = 0
        self._in_head = True
        self._refused = False
        self._timer: asyncio.TimerHandle | None = None
        if self._counted:
            self._await_headers()
        else:
            self._refuse(Overloaded("All connections are taken; connect again after a second."))

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._counted:
            self._counted = False
            self.bounds.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._in_head:
            if self._timer is None:
                self._await_headers()
            super().data_received(data)
            if self._in_head:
                self._head_bytes += len(data)
                if self._head_bytes > HEADERS_MAX_BYTES:
                    self._refuse(HeadersTooLarge(f"All headers may have {HEADERS_MAX_BYTES:,} bytes."))
            return
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_waiting()
        sizes = [len(name) + len(value) for name, value in self.headers]
        if max(sizes, default=0) > HEADER_MAX_BYTES or sum(sizes) > HEADERS_MAX_BYTES:
            self._refuse(
                HeadersTooLarge(
                    f"A header may have {HEADER_MAX_BYTES:,} bytes, all of them {HEADERS_MAX_BYTES:,}."
                )
            )
            return
        self.bounds.busy(self)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._refused:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._counted and self.cycle.response_complete:
            self._in_head = True
            self.bounds.idle(self)

    def send_400_response(self, msg: str) -> None:
        self._refuse(MalformedRequest(msg))

    def close_idle(self) -> None:
        """Close to make room for another connection."""
        self.bounds.busy(self)
        self.transport.close()

    def _await_headers(self) -> None:
        self._timer = self.loop.call_later(self.bounds.headers_s, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self._head_bytes:
            self._refuse(RequestTimeout(f"The headers did not arrive within {self.bounds.headers_s:g} s."))
        else:
            self.transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        """Answer without the application, and close."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        log.info("refused", code=refusal.code, address=self.address)
        document = msgspec.json.encode(problems.document_of(refusal, request_id_from(None)), enc_hook=str)
        head = (
            f"HTTP/1.1 {refusal.status} {refusal.title}\r\ncontent-type: {problems.MEDIA_TYPE}\r\n"
            f"content-length: {len(document)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + document)
        self.transport.close()


def protocol(bounds: Connections) -> type[BoundedProtocol]:
    """The class that uvicorn makes a connection of, with the bounds of one process."""

    class Connection(BoundedProtocol):
        pass

    Connection.bounds = bounds
    return Connection


def raise_descriptor_limit(wanted: int) -> int:
    """Raise the limit of open files as far as ``wanted`` needs and the system lets us; how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + RESERVED_DESCRIPTORS
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    fit = max(1, soft - RESERVED_DESCRIPTORS)
    if fit < wanted:
        log.warning(
            "few open files", limit=soft, connections=fit, next="raise the limit of open files (ulimit -n)"
        )
    return min(wanted, fit)
