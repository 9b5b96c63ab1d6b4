"""Link by which a debtor answers about one invoice without an account: a signed token that names what it is for.

The token is the payload and its HMAC-SHA256 (RFC 2104), both in base64url (RFC 4648 5). Whoever has it may answer
about that invoice until it expires; it can be made for no other one. A key that was replaced still opens its links.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

_CONTEXT = b"encours answer link 1\x00"
_MAC_BYTES = 32
TOKEN_MAX = 600


@dataclass(frozen=True, slots=True)
class AnswerLink:
    """Subject of a link, and the last day on which it opens."""

    ledger: str
    reminder_id: str
    invoice_id: str
    last_day: date


def signed(link: AnswerLink, key: bytes) -> str:
    """Return the token of a link."""
    payload = msgspec.json.encode([link.ledger, link.reminder_id, link.invoice_id, link.last_day])
    return _text(payload + _mac(payload, key))


def opened(token: str, keys: Sequence[bytes]) -> AnswerLink | None:
    """Return the link of a token that was signed with one of the keys; ``None`` for any other text."""
    if len(token) > TOKEN_MAX:
        return None
    try:
        content = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    payload, mac = content[:-_MAC_BYTES], content[-_MAC_BYTES:]
    # Another text of the same bytes is no token: each link has one.
    if _text(content) != token or not any(hmac.compare_digest(mac, _mac(payload, key)) for key in keys):
        return None
    return AnswerLink(*msgspec.json.decode(payload, type=tuple[str, str, str, date]))


def _mac(payload: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _CONTEXT + payload, hashlib.sha256)


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
