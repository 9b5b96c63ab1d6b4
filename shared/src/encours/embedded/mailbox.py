"""A mail server that delivers into a folder: what would have been sent can be read, counted and compared.

`python -m encours.embedded.mailbox --port 1025 --folder var/mail`. One `.eml` file a message, complete or absent,
named after its Message-ID; the same Message-ID again becomes `<name>-2.eml`, so a message sent twice is seen.
Answered with 250 only when the file is on disk. To try what goes wrong: the mailbox `bounce@…` is unknown (550) and
`defer@…` is busy (451).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import signal
import tempfile
from pathlib import Path

import uvloop
from aiosmtpd.smtp import SMTP, Envelope, Session

_MAX_BYTES = 20 * 2**20
_MAX_COPIES = 1000
_MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(?:\r?\n[ \t]+)?([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


class MailFolder:
    """Handler of aiosmtpd: one accepted message, one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_RCPT(  # noqa: N802 (the library's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        match address.partition("@")[0].lower():
            case "bounce":
                return "550 5.1.1 no such mailbox here"
            case "defer":
                return "451 4.3.0 mailbox busy, try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        body = content if isinstance(content, bytes) else str(content).encode()
        # Not in a thread: a synced write is quicker than two switches, and this process has nothing else to do.
        name = store(self.folder, body, envelope.mail_from or "", envelope.rcpt_tos)
        return f"250 2.0.0 kept as {name}"


def store(folder: Path, message: bytes, sender: str, recipients: list[str]) -> str:
    """Write one message under a name that is new, and return the name. Two header lines keep the envelope."""
    envelope = f"X-Envelope-From: {sender}\r\nX-Envelope-To: {', '.join(recipients)}\r\n".encode()
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(envelope + message)
            file.flush()
            os.fsync(file.fileno())
        stem = file_stem(message)
        for copy in range(1, _MAX_COPIES):
            name = f"{stem}.eml" if copy == 1 else f"{stem}-{copy}.eml"
            with contextlib.suppress(FileExistsError):
                os.link(
                    temporary, folder / name
                )  # fails when the name is taken: no race between two deliveries
                return name
        raise RuntimeError(f"{_MAX_COPIES} messages with the Message-ID of {stem}")
    finally:
        Path(temporary).unlink(missing_ok=True)


def file_stem(message: bytes) -> str:
    """The Message-ID as a file name; `no-message-id` when there is none."""
    found = _MESSAGE_ID.search(message.partition(b"\r\n\r\n")[0])
    identity = found[1].decode("ascii", "replace").strip().strip("<>") if found else ""
    return re.sub(r"[^A-Za-z0-9._@=+-]", "_", identity).strip(".")[:150] or "no-message-id"


async def serve(folder: Path, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    folder.mkdir(parents=True, exist_ok=True)
    handler, loop, ended = MailFolder(folder), asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_server(
        lambda: SMTP(
            handler, data_size_limit=_MAX_BYTES, enable_SMTPUTF8=True, ident="encours mailbox", loop=loop
        ),
        host,
        port,
    )
    async with server:
        await ended.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A mail server that delivers into a folder.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    os.umask(0o077)
    uvloop.run(serve(given.folder, given.host, given.port))


if __name__ == "__main__":
    main()
