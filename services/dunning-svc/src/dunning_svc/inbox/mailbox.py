"""Reader of a mailbox by IMAP (RFC 9051): each unseen message is stored, then marked as seen.

The standard library's client blocks, so it works in a thread. A message that was stored and not marked, because the
connection broke, is read again and recognized by its Message-ID.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import structlog

from dunning_svc.inbox.listener import MAX_BYTES
from dunning_svc.inbox.reading import MailInbox
from encours.postgres.connection import FAILED

_TIMEOUT_S = 30.0
_BATCH = 50

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Address of a mailbox, with its credentials."""

    host: str
    port: int
    user: str
    password: str
    folder: str

    @property
    def name(self) -> str:
        """Name without the password."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"

    @classmethod
    def of(cls, url: str) -> Mailbox:
        """Parse an address. Raises ``ValueError`` without the address in it, which contains a password."""
        with contextlib.suppress(ValueError):
            parts = urlsplit(url)
            if parts.scheme == "imaps" and parts.hostname and parts.username and parts.password:
                folder = unquote(parts.path.strip("/")) or "INBOX"
                user, password = unquote(parts.username), unquote(parts.password)
                return cls(parts.hostname, parts.port or 993, user, password, folder)
        raise ValueError("write it as imaps://user:password@host/FOLDER")


class MailboxReader:
    """Reads a mailbox at intervals."""

    def __init__(self, inbox: MailInbox, mailbox: Mailbox, poll_s: float) -> None:
        self._inbox = inbox
        self._mailbox = mailbox
        self._poll_s = poll_s

    async def run(self) -> None:
        """Read until cancelled. A server that is away is tried again at the next interval."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await asyncio.to_thread(self._read, loop)
                await self._inbox.mark_mailbox_read()
            except (*FAILED, imaplib.IMAP4.error, OSError) as error:
                log.warning(
                    "mailbox.unreachable", host=self._mailbox.host, reason=f"{type(error).__name__}: {error}"
                )
            await asyncio.sleep(self._poll_s)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        box = self._mailbox
        context = ssl.create_default_context()
        with imaplib.IMAP4_SSL(box.host, box.port, ssl_context=context, timeout=_TIMEOUT_S) as client:
            client.login(box.user, box.password)
            client.select(_quoted(box.folder))
            for uid, content in _unseen(client):
                kept = asyncio.run_coroutine_threadsafe(self._inbox.receive(content, "mailbox"), loop)
                kept.result(_TIMEOUT_S)
                client.uid("STORE", uid, "+FLAGS", "(\\Seen)")


def _unseen(client: imaplib.IMAP4) -> Iterator[tuple[str, bytes]]:
    """Yield number and bytes of unseen messages, at most :data:`_BATCH`; a longer one than the limit is left."""
    _, found = client.uid("SEARCH", "UNSEEN", "SMALLER", str(MAX_BYTES))
    for uid in (found[0] or b"").split()[:_BATCH]:
        _, parts = client.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
        for part in parts:
            if isinstance(part, tuple) and isinstance(part[1], bytes):
                yield uid.decode(), part[1]


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
