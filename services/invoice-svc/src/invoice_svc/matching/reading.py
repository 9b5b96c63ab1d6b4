"""Words of a bank line: what the payer writes, as it names invoices of one payer in whole or in part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from invoice_svc.domain.payment.indication import digits_in, indication, keys_in
from invoice_svc.matching.open_items import OpenItems, PayableItem

_DIGITS = re.compile(r"[0-9]+")
_RANGE = re.compile(r"\s*(?:A|À|AU|TO|BIS|THRU|\.{2,3})\s*", re.IGNORECASE)
_PART = re.compile(
    r"\b(?:ACOMPTE|A VALOIR|VERSEMENT|PARTIEL(?:LE)?|PART(?:IAL)? PAYMENT|INSTAL?LMENT|TEILZAHLUNG|ANZAHLUNG)\b",
    re.IGNORECASE,
)
_LEAST_BEGINNING, _LEAST_END = 6, 4
"""Fewest digits of a number that is cut off, at its end or at its beginning."""
_MOST_READINGS = 500


@dataclass(frozen=True, slots=True)
class Named:
    """Items that a text names, each with the words, and words that name none of the payer's in whole."""

    words: dict[str, str]
    unclear: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a line, read once for all payers that it may come from."""

    text: str
    keys: frozenset[str]
    digits: frozenset[str]
    counts: frozenset[str]
    """Each run of digits without leading zeros, which may be the last group of a number."""

    @classmethod
    def of(cls, text: str | None) -> Words:
        """Return the words of a text."""
        text = text or ""
        counts = frozenset(each.lstrip("0") for each in _DIGITS.findall(text))
        return cls(text, frozenset(keys_in(text)), frozenset(digits_in(text)), counts)

    def says_part(self) -> str | None:
        """Return the words that call the payment one of a part."""
        found = _PART.search(self.text)
        return found.group() if found else None

    def whole(self, index: OpenItems) -> set[str]:
        """Return the items of which the text has the whole number, or all of its digits."""
        found: set[str] = set()
        for known, written in ((index.by_key, self.keys), (index.by_digits, self.digits)):
            for each in written:
                found |= known.get(each, set())
        return found

    def named(self, items: Sequence[PayableItem], index: OpenItems) -> Named:
        """Return what the text names of one payer's items."""
        if not self.text or not items:
            return Named({})
        likely = [item for item in items if self._may_name(index.keys[item.invoice_id])] or items[:1]
        by_number = {item.number: item for item in likely}
        found = indication(self.text, by_number)
        words = {by_number[each.number].invoice_id: each.words for each in found.cited}
        if len(found.cited) == 2:
            first, last = found.cited
            between = self.text[first.at + len(first.words) : last.at]
            if _RANGE.fullmatch(between):
                return Named(_range(first.number, last.number, items), found.unclear)
        return Named(words, found.unclear)

    def _may_name(self, keys: tuple[str, str, str]) -> bool:
        key, digits, count = keys
        return key in self.keys or digits in self.digits or count in self.counts


def in_part(
    amount_minor: int, unclear: Sequence[str], items: Sequence[PayableItem], index: OpenItems
) -> dict[str, str] | None:
    """Return the items that words name in part, if just one choice of them adds up to the amount."""
    parts = [
        part for word in unclear for part in ([word] if is_of(word, items, index) else _DIGITS.findall(word))
    ]
    choices = [[(item, part) for item in items if is_of(part, [item], index)] for part in parts]
    if prod(map(len, choices)) > _MOST_READINGS:
        return None
    fitting = {
        frozenset(item.invoice_id for item, _ in chosen): {item.invoice_id: word for item, word in chosen}
        for chosen in product(*choices)
        if sum(item.outstanding_minor for item, _ in _once(chosen)) == amount_minor
    }
    return next(iter(fitting.values())) if len(fitting) == 1 else None


def is_of(word: str, items: Iterable[PayableItem], index: OpenItems) -> bool:
    """Return True if a word is a part of the number of one of the items."""
    written = "".join(_DIGITS.findall(word))
    return any(_is_part(written, index.keys[item.invoice_id]) for item in items)


def _once(chosen: Iterable[tuple[PayableItem, str]]) -> Iterator[tuple[PayableItem, str]]:
    seen: set[str] = set()
    for item, word in chosen:
        if item.invoice_id not in seen:
            seen.add(item.invoice_id)
            yield item, word


def _is_part(written: str, keys: tuple[str, str, str]) -> bool:
    _, digits, count = keys
    if not written:
        return False
    if written == digits or written.lstrip("0") == count:
        return True
    begins = len(written) >= _LEAST_BEGINNING and digits.startswith(written)
    return begins or (len(written) >= _LEAST_END and digits.endswith(written))


def _range(first: str, last: str, items: Sequence[PayableItem]) -> dict[str, str]:
    """Return the items whose numbers stand between two of the same form."""
    words = f"{first} … {last}"
    return {
        item.invoice_id: words
        for item in items
        if len(item.number) == len(first) and first <= item.number <= last
    }
