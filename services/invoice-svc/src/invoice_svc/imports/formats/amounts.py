"""Notations of amounts: ``1234.56``, ``1.234,56``, ``1 234,56 €``, ``1'234.56``.

One sign separates decimals, another groups of three digits. A text such as ``1.000`` may be one thousand or one: unless
the notation of the file is known, it is *ambiguous* and refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from encours.kernel.errors import DomainError
from encours.kernel.money import exponent

Decimal = Literal["point", "comma"]
SIGNS: dict[Decimal, str] = {"point": ".", "comma": ","}
_NAMES: dict[str, Decimal] = {".": "point", ",": "comma"}
_OTHER = {".": ",", ",": "."}
_GROUPS = {
    " ": "space",
    "\u00a0": "no-break space",
    "\u202f": "narrow no-break space",
    "\u2009": "thin space",
    "'": "apostrophe",
    "\u2019": "apostrophe",
}
"""Signs that group digits and never separate decimals, with their names."""
_GROUP = "".join(_GROUPS)
_WRITTEN = re.compile(rf"[+-]?([0-9][0-9.,{_GROUP}]*)", re.ASCII)
_SYMBOLS = {"EUR": "\u20ac", "GBP": "\u00a3"}
_USUAL_GROUP = 3


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """Decimal sign of a file's amounts. ``grouped``: digits may be grouped. ``given``: the caller named the sign."""

    decimal: Decimal = "point"
    grouped: bool = False
    given: bool = False

    def plain(self, text: str, code: str) -> str | None:
        """Return the amount as ``1234.56``, or None for a text that is no amount in this style."""
        found = _pattern(self.decimal, self.grouped).fullmatch(
            _without_currency(text, code) if self.grouped else text
        )
        if found is None:
            return None
        whole = re.sub(rf"[.,{_GROUP}]", "", found["whole"])
        return found["sign"] + whole + (f".{found['fraction']}" if found["fraction"] else "")

    def is_ambiguous(self, text: str, code: str) -> bool:
        """Return True if the text's only sign may separate decimals or thousands, and the caller named none."""
        return not self.given and evidence(text, code).ambiguous


@cache
def _pattern(decimal: Decimal, grouped: bool) -> re.Pattern[str]:
    sign = re.escape(SIGNS[decimal])
    whole = "[0-9]*"
    if grouped:
        other = re.escape(_OTHER[SIGNS[decimal]])
        whole = rf"[0-9]{{1,3}}(?P<group>[{other}{_GROUP}])[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*|[0-9]*"
    return re.compile(rf"(?P<sign>[+-]?)(?P<whole>{whole})(?:{sign}(?P<fraction>[0-9]+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Signs in one amount that separate decimals and group digits. ``ambiguous``: its only sign could do either.

    ``either`` is that sign in a currency of three decimals, where three digits after it are the usual decimals.
    """

    decimal: Decimal | None = None
    thousands: str | None = None
    ambiguous: bool = False
    either: Decimal | None = None


NOTHING = Evidence()


def evidence(text: str, code: str) -> Evidence:
    """Return the signs in one amount, as evidence of the notation of its file."""
    written = _WRITTEN.fullmatch(_without_currency(text, code))
    if written is None:
        return NOTHING
    number = written.group(1)
    group = next((name for sign, name in _GROUPS.items() if sign in number), None)
    signs = [character for character in number if character in _NAMES]
    if not signs:
        return Evidence(thousands=group)
    last = signs[-1]
    if len(set(signs)) == 2:
        return Evidence(_NAMES[last], _NAMES[_OTHER[last]])
    if len(signs) > 1:
        return Evidence(_NAMES[_OTHER[last]], _NAMES[last])
    head, _, tail = number.partition(last)
    if group is None and len(tail) == _USUAL_GROUP and 1 <= len(head) <= _USUAL_GROUP:
        if decimals_of(code) != _USUAL_GROUP:
            return Evidence(ambiguous=True)
        if not head.startswith("0"):
            return Evidence(either=_NAMES[last])
    return Evidence(_NAMES[last], group)


def decimals_of(code: str) -> int:
    """Return the number of decimals of a currency, 2 for an unknown one."""
    try:
        return exponent(code)
    except DomainError:
        return 2


def _without_currency(text: str, code: str) -> str:
    text = text.strip()
    for symbol in (code, _SYMBOLS.get(code, code)):
        text = text.removesuffix(symbol).removeprefix(symbol).strip()
    return text
