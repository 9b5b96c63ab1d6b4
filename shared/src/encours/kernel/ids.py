"""Identifiers: a prefix that names the kind and 32 hexadecimal digits.

New identifiers are UUIDv7 (RFC 9562), which sort by time. Derived ones are UUIDv5 of their cause, so that a repetition
gets the same id and has one effect; or UUIDv8 if a hash of the cause exists already.
"""

from __future__ import annotations

import os
import re
import threading
import time
from uuid import UUID, SafeUUID, uuid5

NAMESPACE = UUID("6f1c7a4e-52f1-5b0e-9a54-3d5f0a8c1e77")
LEDGER_NAME = "[a-z0-9][a-z0-9_-]{0,39}"
"""Pattern of the names of ledgers; the ledger's database checks the same."""
_ID = re.compile(r"([a-z]{3})_([0-9a-f]{32})")
_lock = threading.Lock()
_new, _set, _UNKNOWN = object.__new__, object.__setattr__, SafeUUID.unknown
_last, _millisecond = 0, 0


def uuid7() -> UUID:
    """A new UUIDv7: 48 bits of milliseconds, then random bits that are counted on; increasing within this process."""
    return _uuid(_next())


def new_id(prefix: str) -> str:
    """``inv`` → ``inv_0190…``."""
    return f"{prefix}_{_next():032x}"


def _next() -> int:
    """Draw the first id of a millisecond and count on from it, which takes less time (RFC 9562 §6.2, method 1).

    The counter's first bit is 0, so that it has room. While a clock that went back catches up, ids count on too.
    """
    global _last, _millisecond
    with _lock:
        now = time.time_ns() // 1_000_000
        if now <= _millisecond:
            _last += 1
        else:
            _millisecond, random = now, int.from_bytes(os.urandom(10), "big")
            _last = now << 80 | 0x7 << 76 | random & 0xFFF << 64 | 0b10 << 62 | random & (1 << 61) - 1
        return _last


def _forget() -> None:
    global _millisecond
    _millisecond = 0


os.register_at_fork(after_in_child=_forget)  # or parent and child would make the same ids


def derived_uuid(*parts: object) -> UUID:
    """The same parts give the same UUIDv5 on any machine; they are joined by a separator that none holds."""
    return uuid5(NAMESPACE, "\x1f".join(str(part) for part in parts))


def hashed_uuid(digest: bytes) -> UUID:
    """The first 122 bits of a digest as a UUIDv8 (RFC 9562), where a hash is at hand and cheaper than another."""
    value = int.from_bytes(digest[:16], "big")
    return _uuid(value & ~(0xF << 76) & ~(0b11 << 62) | 0x8 << 76 | 0b10 << 62)


def _uuid(value: int) -> UUID:
    """Return ``UUID(int=value)`` in less than half of the time, which goes into checks of its arguments."""
    made = _new(UUID)
    _set(made, "int", value)
    _set(made, "is_safe", _UNKNOWN)
    return made


def derived_id(prefix: str, *parts: object) -> str:
    """An identifier that follows from its cause; see :func:`derived_uuid`."""
    return f"{prefix}_{derived_uuid(prefix, *parts).hex}"


def is_id(text: str, prefix: str) -> bool:
    """Return True for a well-formed identifier of that kind."""
    match = _ID.fullmatch(text)
    return match is not None and match.group(1) == prefix


def with_prefix(identifier: str, prefix: str) -> str:
    """The sibling of another kind: ``dec_<hex>`` of ``rem_<hex>``; no look-up is needed between them."""
    return f"{prefix}_{identifier.partition('_')[2]}"
