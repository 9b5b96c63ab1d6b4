"""A reminder as an e-mail: the same Message-ID on any retry, plain text and HTML.

Put together by hand: :class:`email.message.EmailMessage` takes 5 ms for what takes 0.1 ms here, and a day may
have thousands. Everything is 7-bit, so that any server takes it.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from email.charset import BASE64, Charset
from email.header import Header
from email.utils import formataddr, formatdate

from dunning_svc.outbox.render import Message, one_line
from dunning_svc.read_models.cases.rows import CustomerRow, EntityRow

# RFC 5321 mailbox with a dot-string as local part: no quoted strings, no comments, no internationalised local parts.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(
    rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)

_MAX_LINE = 998
_UTF8 = Charset("utf-8")
_UTF8.header_encoding = BASE64


def message_id(ledger: str, reminder_id: str) -> str:
    """Follows from the reminder: whoever receives it twice can see that it is one."""
    return f"<{reminder_id}@{ledger.replace('_', '-')}.encours.invalid>"


def email_bytes(
    message: Message, *, identity: str, sender: str, customer: CustomerRow, creditor: EntityRow, to: str
) -> bytes:
    """The message as it goes over the wire. Raises ``ValueError`` for an address that is none."""
    if len(to) > 254 or not _ADDRESS.fullmatch(to):
        raise ValueError(f"{to[:100]!r} is not an e-mail address")
    boundary = f"=_{identity.strip('<>').partition('@')[0]}"
    headers = {
        "From": _mailbox(creditor.name, sender),
        "To": _mailbox(customer.name, to),
        "Subject": _text(message.subject),
        "Message-ID": identity,
        "Date": formatdate(localtime=True),
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    parts = b"".join(
        f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n".encode() + part + b"\r\n"
        for kind, part in (
            ("plain", _part(message.text.encode())),
            # Character references leave HTML in ASCII: no encoding, and a fifth of the lines.
            ("html", _part(message.html.encode("ascii", "xmlcharrefreplace"))),
        )
    )
    return head.encode("ascii") + b"\r\n" + parts + f"--{boundary}--\r\n".encode()


def _mailbox(name: str, address: str) -> str:
    shown = one_line(name)[:200]
    if shown.isascii():
        return formataddr((shown, address))
    return f"{_text(shown)} <{address}>"


def _text(text: str) -> str:
    """A header's text, folded, as encoded words where it is not ASCII (RFC 2047)."""
    charset = "us-ascii" if text.isascii() else _UTF8
    return Header(one_line(text), charset, maxlinelen=76, header_name="Subject").encode(linesep="\r\n")


def _part(content: bytes) -> bytes:
    lines = content.splitlines()
    if content.isascii() and all(len(line) <= _MAX_LINE for line in lines):
        return b"Content-Transfer-Encoding: 7bit\r\n\r\n" + b"\r\n".join(lines)
    return b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b2a_qp(b"\r\n".join(lines), istext=True)
