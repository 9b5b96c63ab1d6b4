"""Texts of amounts, dates and fields in the layouts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache

from encours.kernel.money import exponent

ENCODING = "cp1252"
"""Code page of the import files of accounting software."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@lru_cache(maxsize=32_768)
def plain(text: str) -> str:
    """Return the text on one line, without control characters."""
    return text if text.isprintable() else _CONTROL.sub(" ", text).strip()


def amounts(currency: str, mark: str = ",") -> Callable[[int], str]:
    """Return the function that writes minor units of a currency as a decimal, without separators of thousands."""
    digits = exponent(currency)
    unit = 10**digits

    def written(minor: int) -> str:
        sign, size = ("-", -minor) if minor < 0 else ("", minor)
        if not digits:
            return f"{sign}{size}"
        units, rest = divmod(size, unit)
        return f"{sign}{units}{mark}{rest:0{digits}d}"

    return written


@lru_cache(maxsize=4_096)
def compact(day: date) -> str:
    """Return the day as AAAAMMJJ (LPF A47 A-1 XII)."""
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


@lru_cache(maxsize=4_096)
def day_first(day: date) -> str:
    """Return the day as JJMMAA."""
    return f"{day.day:02d}{day.month:02d}{day.year % 100:02d}"


@lru_cache(maxsize=4_096)
def day_first_long(day: date) -> str:
    """Return the day as JJMMAAAA."""
    return f"{day.day:02d}{day.month:02d}{day.year:04d}"


def left(text: str, width: int) -> str:
    """Return the text in a field of that width: cut, or filled with blanks."""
    return text[:width].ljust(width)


def end(reference: str, width: int) -> str:
    """Return a document's reference in a field of that width; of a longer one the end, by which a series counts."""
    return reference[-width:].ljust(width)


def account(text: str, width: int) -> str:
    """Return an account in a field of that width.

    Raises ``ValueError`` if it does not fit, or has characters that the code page lacks: it could become another.
    """
    if text.encode(ENCODING, errors="replace") != text.encode(ENCODING, errors="ignore"):
        raise ValueError(
            f"The account {text} has characters that {ENCODING} lacks: change the external_ref of the customer, or "
            "ask for csv, xlsx or parquet."
        )
    if len(text) > width:
        raise ValueError(
            f"The account {text} has more than the {width} characters of this layout: send a shorter number in "
            "accounts, change the external_ref of the customer, or ask for a wider layout, or csv."
        )
    return text.ljust(width)


def right(text: str, width: int) -> str:
    """Return an amount in a field of that width. Raises ``ValueError`` if it does not fit: an amount is never cut."""
    if len(text) > width:
        raise ValueError(f"{text} has more than {width} characters")
    return text.rjust(width)
