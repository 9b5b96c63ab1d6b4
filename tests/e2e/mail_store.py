"""A mailbox that is read by IMAP over TLS, as a mail provider has it."""

from __future__ import annotations

import asyncio
import imaplib
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from encours.embedded.process import free_port
from encours.testing.waiting import HANG_S, wait_until

FOLDER, USER, PASSWORD = "Replies", "reader", "secret"


@dataclass(frozen=True, slots=True)
class MailStore:
    """`url` is the address over TLS; `port` takes the test's own requests, without it."""

    url: str
    port: int

    def put(self, message: bytes) -> None:
        """Have a message arrive."""
        with self._opened() as client:
            assert client.append(FOLDER, "", "", message)[0] == "OK"

    def unseen(self) -> int:
        """Return the number of messages that were not read."""
        with self._opened() as client:
            client.select(FOLDER, readonly=True)
            return len(client.search(None, "UNSEEN")[1][0].split())

    def answers(self) -> bool:
        """Return true as soon as it lets its user in."""
        try:
            self._opened().logout()
        except OSError:
            return False
        return True

    def _opened(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=HANG_S)
        client.login(USER, PASSWORD)
        return client


@asynccontextmanager
async def mail_store(certificate: Path) -> AsyncIterator[MailStore]:
    """Run an IMAP server with an empty folder."""
    secure, plain = free_port(), free_port()
    store = MailStore(f"imaps://{USER}:{PASSWORD}@localhost:{secure}/{FOLDER}", plain)
    backend = ["dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("pymap"),
        *("--host", "127.0.0.1", "--port", str(plain), "--no-tls", *backend),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", plain)
        await asyncio.gather(_copied(reader, forth), _copied(back, writer))

    try:
        await asyncio.to_thread(wait_until, store.answers, "the mail store")
        with store._opened() as client:
            assert client.create(FOLDER)[0] == "OK"
        async with await asyncio.start_server(carry, "127.0.0.1", secure, ssl=context):
            yield store
    finally:
        process.terminate()
        await process.wait()


async def _copied(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while content := await source.read(65_536):
            target.write(content)
            await target.drain()
    except ConnectionError:
        pass
    finally:
        target.close()
