"""Syntax of e-mail addresses: what every mail server takes in an SMTP envelope and in a header.

An RFC 5321 mailbox whose local part is a dot-string: no quoted strings, no comments, no internationalised local part
(RFC 6531). A domain in another script has an ASCII form, ``xn--…`` (IDNA 2008, RFC 5891), to which mail is sent.
"""

from __future__ import annotations

import re

import idna

MAX_LENGTH = 254
"""RFC 5321 §4.5.3.1.3, without the angle brackets."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
ADDRESS = rf"^{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*$"
"""Regular expression that Python, pydantic and JSON Schema read alike; check :data:`MAX_LENGTH` too."""
_address = re.compile(ADDRESS)


def ascii_address(text: str) -> str | None:
    """Return an address with its domain in ASCII form; None for a text that is no address."""
    local, at, domain = text.rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True, std3_rules=True).decode()
        except idna.IDNAError:
            return None
    address = f"{local}{at}{domain}"
    return address if is_address(address) else None


def is_address(text: str) -> bool:
    """Return True for an address that mail can be sent to."""
    return len(text) <= MAX_LENGTH and text.isprintable() and _address.match(text) is not None
