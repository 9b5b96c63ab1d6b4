"""Delivery of mail to an SMTP server over reused connections.

The result is one of: *accepted*, *refused* permanently, *deferred* (try later), *unreachable* (nothing was sent),
*unknown* (the connection broke after the message was sent: it may have arrived), *open* (a gateway may have taken the
message, and cannot be asked now).
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from encours.mail.pace import Pace, domain_of

Verdict = Literal["accepted", "refused", "deferred", "unreachable", "unknown", "open"]
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Handed:
    """Result of one delivery to the server, with the text of the server's reply."""

    verdict: Verdict
    evidence: str
    retry_after_s: float | None = None
    """Time until the message's turn; ``None`` leaves the pause to the number of tries."""
    is_this: bool = True
    """False if another content may have been handed over before under the same id."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Address and credentials of a mail server."""

    host: str
    port: int
    tls: bool
    user: str | None = None
    password: str | None = None

    @classmethod
    def of(cls, url: str) -> MailServer:
        """Parse an address. Raises ``ValueError`` without the address in it, which may contain a password."""
        with contextlib.suppress(ValueError):
            parts = urlsplit(url)
            if parts.scheme in ("smtp", "smtps") and parts.hostname:
                tls = parts.scheme == "smtps"
                port = parts.port or (465 if tls else 25)
                user, password = (
                    unquote(text) if text else None for text in (parts.username, parts.password)
                )
                return cls(parts.hostname, port, tls, user, password)
        raise ValueError("write it as smtp://host:port or smtps://user:password@host")


class Mailer:
    """Client of a mail server that sends at most ``connections`` messages at once."""

    def __init__(
        self,
        url: str,
        *,
        connections: int = 16,
        sandbox_host: str = "",
        require_tls: bool = False,
        pace: Pace | None = None,
    ) -> None:
        self._server = MailServer.of(url)
        self._require_tls = require_tls
        self._pace = pace or Pace(at_once=connections)
        self._sandbox_host = sandbox_host
        self._slots = asyncio.Semaphore(connections)
        self._idle: list[SMTP] = []
        self._stopping = False

    @property
    def host(self) -> str:
        """Host name of the mail server."""
        return self._server.host

    @property
    def is_for_sandboxes(self) -> bool:
        """True for a server that sandboxes may use: one on this machine, or the one configured for them."""
        if self.host in ("localhost", self._sandbox_host):
            return True
        with contextlib.suppress(ValueError):
            return ip_address(self.host).is_loopback
        return False

    def stop(self) -> None:
        """Start no further message: those that wait for a connection are deferred."""
        self._stopping = True

    async def close(self) -> None:
        """Quit every idle connection."""
        while self._idle:
            client = self._idle.pop()
            with contextlib.suppress(SMTPException, OSError):
                await client.quit(timeout=2)

    async def send(self, address: str, message: bytes, *, sender: str, key: str = "") -> Handed:
        """Send one message from the envelope address ``sender``. Faults of server and network are results.

        ``key`` identifies the message, whose turn is reserved if its domain receives only so many per minute.
        """
        if wait_s := self._pace.wait_s(address, key):
            return Handed("deferred", f"pace of {domain_of(address)}", retry_after_s=wait_s)
        async with self._pace.slot(address), self._slots:
            if self._stopping:
                return Handed("deferred", "the worker is stopping")
            while self._idle:
                client = self._idle.pop()
                handed = await self._hand_over(client, sender, address, message)
                # The server may have closed an idle connection: try the next one.
                if handed.verdict != "unreachable":
                    return handed
            try:
                client = await self._connect()
            except (SMTPException, OSError, TimeoutError) as error:
                return Handed("unreachable", _one_line(error))
            return await self._hand_over(client, sender, address, message)

    async def _connect(self) -> SMTP:
        client = SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.user,
            password=self._server.password,
            use_tls=self._server.tls,
            start_tls=False if self._server.tls else (True if self._require_tls else None),
            timeout=_TIMEOUT_S,
        )
        await client.connect()
        return client

    async def _hand_over(self, client: SMTP, sender: str, address: str, message: bytes) -> Handed:
        handed_out = False
        try:
            await client.mail(sender)
            await client.rcpt(address)
            handed_out = True
            response = await client.data(message)
        except SMTPResponseException as error:
            verdict: Verdict = "deferred" if 400 <= error.code < 500 else "refused"
            await self._reset(client)
            return Handed(verdict, f"{error.code} {_one_line(error.message)}")
        except (SMTPServerDisconnected, SMTPTimeoutError, OSError, TimeoutError) as error:
            client.close()
            return Handed("unknown" if handed_out else "unreachable", _one_line(error))
        except (SMTPException, ValueError) as error:
            client.close()
            return Handed("refused", _one_line(error))
        self._idle.append(client)
        return Handed("accepted", f"{response.code} {_one_line(response.message)}")

    async def _reset(self, client: SMTP) -> None:
        try:
            await client.rset()
        except (SMTPException, OSError, TimeoutError):
            client.close()
            return
        self._idle.append(client)


def _one_line(what: object) -> str:
    text = " ".join(str(what).split())
    return (text or type(what).__name__)[:400]
