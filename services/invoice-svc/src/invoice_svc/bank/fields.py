"""Fields that all formats have: texts, amounts, dates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from encours.kernel.errors import DomainError
from encours.kernel.money import parse_amount
from invoice_svc.bank.faults import BankFileInvalid

MAX_TEXT = 2_000
"""Longest text that is kept: as long as the remittance text of a payment."""
MAX_REFERENCE = 140
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\s\u2028\u2029]+")
_NO_REFERENCE = frozenset({"", "NONREF", "NOTPROVIDED", "NOT PROVIDED", "NONE"})
_YEARS = range(1970, 2100)
_CURRENCY = re.compile(r"[A-Z]{3}")


def text_of(*parts: str | None) -> str | None:
    """Return the parts in one line, without control characters; None if nothing is left."""
    joined = _CONTROL.sub(" ", " ".join(part for part in parts if part)).strip()
    return joined[:MAX_TEXT].rstrip() or None


def reference_of(text: str | None) -> str | None:
    """Return a reference; None for the words that stand where there is none (``NONREF``, ``NOTPROVIDED``)."""
    found = text_of(text)
    return None if found is None or found.upper() in _NO_REFERENCE else found[:MAX_REFERENCE]


def account_of(text: str | None) -> str | None:
    """Return the number of an account without blanks, in capitals."""
    return reference_of("".join((text or "").split()).upper())


def references_of(texts: Iterable[str | None]) -> tuple[str, ...]:
    """Return references in order, each once."""
    return tuple(dict.fromkeys(found for text in texts if (found := reference_of(text))))


def amount_of(text: str, currency: str, where: str) -> int:
    """Return an amount without a sign in minor units; ``5``, ``5.``, ``5,0`` and ``5.00`` are the same.

    Zeros beyond the decimals of the currency are accepted, other digits are not. Raises :class:`BankFileInvalid`.
    """
    whole, _, fraction = text.strip().replace(",", ".").partition(".")
    fraction = fraction.rstrip("0")
    try:
        if not whole.isascii() or not whole.isdigit():
            raise ValueError(text)
        return parse_amount(f"{int(whole)}.{fraction}" if fraction else str(int(whole)), currency)
    except (DomainError, ValueError):
        raise BankFileInvalid(f"{where}: {text[:40]!r} is not an amount in {currency}.") from None


def currency_of(text: str | None, where: str) -> str:
    """Return a currency code. Raises :class:`BankFileInvalid`."""
    code = (text or "").strip()
    if not _CURRENCY.fullmatch(code):
        raise BankFileInvalid(f"{where}: {code[:10]!r} is not a currency code such as EUR.")
    return code


def day_of(year: int, month: int, day: int) -> date | None:
    """Return a date; None for a day that does not exist."""
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None


def iso_day(text: str | None, where: str) -> date:
    """Return the day of an ISO 8601 date or instant, as the bank writes it. Raises :class:`BankFileInvalid`."""
    written = (text or "").strip()
    found = re.match(r"(\d{4})-(\d{2})-(\d{2})(?![0-9])", written, re.ASCII)
    day = day_of(*map(int, found.groups())) if found else None
    if day is None:
        raise BankFileInvalid(f"{where}: {written[:40]!r} is not a date.")
    return day
