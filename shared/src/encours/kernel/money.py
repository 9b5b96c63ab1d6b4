"""Money: integer minor units and an ISO 4217 currency. Amounts are never floats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from iso4217 import Currency

from encours.kernel.errors import Invalid

ReaderLanguage = Literal["fr", "en", "de"]
"""Languages in which amounts are written to people."""
_SEPARATORS: dict[ReaderLanguage, tuple[str, str]] = {
    "fr": ("\u202f", ","),
    "en": (",", "."),
    "de": (".", ","),
}
MAX_MINOR = 10**15
"""Bound of one amount, in minor units: sums of millions of them stay exact in 64 bits and in JSON (2**53)."""


class UnknownCurrency(Invalid):
    """Not a currency that amounts can be in (422)."""

    code = "unknown-currency"
    title = "Unknown currency"
    remedy = "Use an ISO 4217 code such as EUR."


_DECIMAL = re.compile(r"(-?)([0-9]{1,19})(?:\.([0-9]{1,6}))?")


@lru_cache(maxsize=256)
def exponent(currency: str) -> int:
    """Digits after the decimal point of a currency (EUR 2, JPY 0, KWD 3).

    Raises :class:`UnknownCurrency` for a code that ISO 4217 does not list or that has no minor unit (XAU …).
    """
    try:
        digits = Currency(currency).exponent
    except ValueError:
        digits = None
    if digits is None:
        raise UnknownCurrency(
            f"{currency!r} is not an ISO 4217 currency code such as EUR.",
            "/currency",
        )
    return digits


def require_code(currency: str, pointer: str) -> None:
    """Raise :class:`UnknownCurrency` with the pointer for a code that :func:`exponent` does not know."""
    try:
        exponent(currency)
    except UnknownCurrency as unknown:
        raise UnknownCurrency(unknown.detail, pointer) from None


def parse_amount(text: str, currency: str, *, pointer: str = "/amount") -> int:
    """Convert a decimal string such as ``240.00`` to minor units (24000).

    Exact: more decimals than the currency has are refused rather than rounded. Raises :class:`Invalid`. A ``pointer``
    that ends with the currency is that of an amount by currency, so the code is at fault there.
    """
    if pointer.rpartition("/")[2] == currency:
        require_code(currency, pointer)
    digits = exponent(currency)
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise Invalid(f"Write the amount as a decimal string such as 240.00, not {text[:40]!r}.", pointer)
    sign, whole, fraction = match.group(1), match.group(2), match.group(3) or ""
    if len(fraction) > digits and fraction[digits:].strip("0"):
        raise Invalid(f"{currency} has {digits} decimals; {text[:40]!r} has more.", pointer)
    minor: int = int(whole) * 10**digits + int(fraction[:digits].ljust(digits, "0") or "0")
    if minor > MAX_MINOR:
        raise Invalid(f"The amount is beyond {format_amount(MAX_MINOR, currency)} {currency}.", pointer)
    return -minor if sign else minor


@lru_cache(maxsize=8_192)
def format_amount(minor: int, currency: str) -> str:
    """Convert minor units to the decimal string of the APIs: 24000 EUR → ``240.00``."""
    digits = exponent(currency)
    sign, size = ("-", -minor) if minor < 0 else ("", minor)
    if digits == 0:
        return f"{sign}{size}"
    whole, fraction = divmod(size, 10**digits)
    return f"{sign}{whole}.{fraction:0{digits}d}"


def money_text(minor: int, currency: str, language: ReaderLanguage) -> str:
    """Return an amount as people write it, with no break in it.

    ``1 234,56 EUR`` with a narrow space (U+202F) in French, ``1,234.56 EUR``, ``1.234,56 EUR`` in German.
    """
    whole, point, fraction = format_amount(abs(minor), currency).partition(".")
    group, comma = _SEPARATORS[language]
    grouped = f"{int(whole):,}".replace(",", group)
    return f"{'-' if minor < 0 else ''}{grouped}{point and comma}{fraction}\u00a0{currency}"


def div_half_up(numerator: int, denominator: int) -> int:
    """Divide, rounded half up, away from zero for negatives, as invoices and interest statements round."""
    if denominator <= 0:
        raise ValueError("denominator must be positive")
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -size if numerator < 0 else size


def pro_rata(total: int, weights: list[int]) -> list[int]:
    """Split a total by weights with a positive sum; odd units go to the largest remainders, earlier ones first.

    The shares add up to the total. Of a total up to the sum of the weights, each lies between 0 and its weight,
    negative weights included.
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("weights must have a positive sum")
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency; adding two currencies is an error."""

    amount_minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __str__(self) -> str:
        return f"{format_amount(self.amount_minor, self.currency)} {self.currency}"
