"""A receiver of webhooks for tests: it keeps what arrives and behaves as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CERTIFICATE = Path(__file__).parents[1] / "e2e" / "listener.pem"
"""Of `localhost` and 127.0.0.1."""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CUT_AFTER_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\ncut"
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
UNPROCESSABLE = b"HTTP/1.1 422 Unprocessable Entity\r\nContent-Length: 0\r\n\r\n"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
HANG = b""
"""No answer: the connection stays open."""


@dataclass(frozen=True)
class Received:
    """A delivery as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The CloudEvent."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def position(self) -> int:
        return int(self.event["position"])


Behave = Callable[[Received], bytes]


@dataclass
class Receiver:
    """One server. ``behave`` answers each delivery."""

    behave: Behave = lambda _: OK
    port: int = 0
    received: list[Received] = field(default_factory=list)
    answered: list[Received] = field(default_factory=list)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def positions(self, stream: str | None = None) -> list[int]:
        """Positions of what was answered with success, in the order of arrival."""
        return [each.position for each in self.answered if stream in (None, each.event["subject"])]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        self._open.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers["content-length"]))
            found = Received(head[0].split(" ")[1], headers, body)
            self.received.append(found)
            answer = self.behave(found)
            if answer == HANG:
                await reader.read()  # until the caller gives up
            else:
                if answer.startswith(b"HTTP/1.1 2"):
                    self.answered.append(found)
                writer.write(answer)
                await writer.drain()
        self._open.discard(writer)
        writer.close()

    def drop_all(self) -> None:
        """Close the connections that are open."""
        for writer in self._open:
            writer.close()


@asynccontextmanager
async def receiving(behave: Behave = lambda _: OK, *, tls: bool = False) -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    receiver, context = Receiver(behave), None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE)
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        receiver.drop_all()
