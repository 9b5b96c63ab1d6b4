"""SMTP listener of the worker: a mail server hands replies and bounces over to it.

A message is answered with 250 once it is stored durably, else with 451, so that the server keeps it and tries again.
It takes no part in the delivery of other mail: whoever may connect should be the company's own mail server.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from dunning_svc.inbox.reading import MailInbox

MAX_BYTES = 10 * 2**20
_RETRY_S = 5.0

log = structlog.get_logger()


class Listener:
    """Handler of aiosmtpd."""

    def __init__(self, inbox: MailInbox, address: str, tls: ssl.SSLContext | None) -> None:
        self._inbox = inbox
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._tls = tls

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store a message."""
        content = envelope.content
        body = content if isinstance(content, bytes) else str(content).encode()
        try:
            stored = await self._inbox.receive(body, "listener", envelope.rcpt_tos)
        except Exception as error:
            log.warning("listener.deferred", reason=f"{type(error).__name__}: {error}")
            return "451 4.3.0 not stored, try again later"
        return f"250 2.0.0 stored as {stored.reply_id}"

    async def run(self) -> None:
        """Listen until cancelled. STARTTLS is required where a certificate is configured (RFC 3207)."""
        while True:
            try:
                await self._serve()
            except OSError as error:
                log.warning("listener.closed", address=f"{self._host}:{self._port}", reason=str(error))
                await asyncio.sleep(_RETRY_S)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(
                self,
                data_size_limit=MAX_BYTES,
                enable_SMTPUTF8=True,
                ident="encours",
                loop=loop,
                tls_context=self._tls,
                require_starttls=self._tls is not None,
            ),
            self._host,
            self._port,
        )
        async with server:
            await server.serve_forever()


def tls_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """Return the server side of TLS. Raises ``OSError`` and ``ssl.SSLError`` for files that are none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
