"""Invoice numbers in the words of a transfer: the debtor's indication of what it pays (C. civ. 1342-10 al. 1).

Banks fold, cut and re-space these words, and people leave out hyphens: ``FAC-2026-000123`` arrives as
``FAC 2026 000123``, ``fac2026000123`` or ``FAC-2026-000 123``. What may never happen is reading one number
inside another, so runs of letters and runs of digits are compared whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_TEXT = 2_000
_MAX_TOKENS = 12
_TOKEN = re.compile(r"[A-Z]+|[0-9]+")
_BARE_NUMBER_LEAST_DIGITS = 4
"""A shorter number without letters is as likely a date, an amount or a house number."""


@dataclass(frozen=True, slots=True)
class Cited:
    """A number that the text names, and the words that it was read from."""

    number: str
    words: str
    at: int


def number_key(number: str) -> str:
    """A number without what gets lost on the way: ``FAC-2026-000123`` → ``FAC2026000123``."""
    return "".join(_TOKEN.findall(number.upper()))


def cited(text: str | None, numbers: Iterable[str]) -> list[Cited]:
    """Return the numbers that the text names, in its order."""
    if not text:
        return []
    text = text[:MAX_TEXT]
    spans = _spans(text)
    found = [
        Cited(number, text[span[0] : span[1]], span[0])
        for number in numbers
        if (span := spans.get(number_key(number))) is not None
    ]
    return sorted(found, key=lambda citation: citation.at)


def keys_in(text: str | None) -> list[str]:
    """Everything in the text that could be an invoice number, as :func:`number_key` would write it."""
    return list(_spans(text[:MAX_TEXT])) if text else []


def _spans(text: str) -> dict[str, tuple[int, int]]:
    """Each run of neighbouring tokens that could be a number → its first index in the text."""
    tokens = [(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(text.upper())]
    spans: dict[str, tuple[int, int]] = {}
    for first in range(len(tokens)):
        key = ""
        for token, _, end in tokens[first : first + _MAX_TOKENS]:
            key += token
            if len(key) > 35:
                break
            if _could_be_number(key, glued=key != tokens[first][0]):
                spans.setdefault(key, (tokens[first][1], end))
    return spans


def _could_be_number(key: str, *, glued: bool) -> bool:
    if key.isdigit():
        return not glued and len(key) >= _BARE_NUMBER_LEAST_DIGITS
    return any(character.isdigit() for character in key)
