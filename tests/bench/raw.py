"""HTTP requests that cost the one who sends them next to nothing, so that what is measured is the server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it came."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header; raises ``ValueError`` if there is none."""
        return _header(self.head, name).decode()


def request(method: str, path: str, token: str, body: bytes = b"", *, ledger: str | None = None) -> bytes:
    """A whole request with a JSON body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}"]
    if ledger is not None:
        lines.append(f"Encours-Ledger: {ledger}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """A kept-alive connection, one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect to a port of this machine."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=2**20))

    async def send(self, raw: bytes) -> Answer:
        """Send and wait for the answer."""
        self._writer.write(raw)
        head = await self._reader.readuntil(b"\r\n\r\n")
        body = await self._reader.readexactly(int(_header(head, "Content-Length")))
        return Answer(int(head[9:12]), head, body)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


def _header(head: bytes, name: str) -> bytes:
    start = head.lower().index(b"\r\n" + name.lower().encode() + b": ") + len(name) + 4
    return head[start : head.index(b"\r", start)]
