"""Invoice numbers in a remittance text: the debtor's indication of the invoices that it pays (C. civ. 1342-10 al. 1).

Banks change case, length and spaces of the text, and people omit hyphens: ``FAC-2026-000123`` arrives as
``FAC 2026 000123``, ``fac2026000123`` or ``FAC-2026-000 123``. People also vary the word and shorten the number:
``FACT 2026-000123``, ``facture n. 2026-123``, ``FACTURES 000123 ET 000124``. Such a number is accepted if it matches
exactly one open invoice. If it matches none or several, it is *unclear*: a person has to decide, and no rule does.
A number is never matched inside another, so runs of letters and runs of digits are compared whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_TEXT = 2_000
_MAX_TOKENS = 12
_MAX_KEY = 35
_TOKEN = re.compile(r"[A-Z]+|[0-9]+")
_BARE_NUMBER_LEAST_DIGITS = 4
"""A shorter number without letters is as likely a date, an amount or a house number."""
_WORDS = frozenset({
    "FAC", "FACS", "FACT", "FACTS", "FACTURE", "FACTURES", "INV", "INVS", "INVOICE", "INVOICES", "RECHNUNG",
    "RECHNUNGEN", "RECHNR", "RGNR", "FACTURA", "FACTURAS", "FATTURA", "FATTURE", "FATT", "FATURA", "FATURAS",
    "FACTUUR", "FACTUREN",
})  # fmt: skip
"""Words for an invoice: a number after one of them refers to an invoice."""
_SHORT_WORDS = frozenset({"F", "FA", "FC", "FT"})
"""Abbreviations of *invoice*, which count only before a number with a minimum of digits."""
_JOINTS = frozenset({
    "N", "NO", "NOS", "NR", "NRS", "NUM", "NUMS", "NUMERO", "NUMEROS", "NUMBER", "NUMBERS", "REF", "REFS",
    "ET", "AND", "UND", "E", "Y",
})  # fmt: skip
"""Words between the word for an invoice and its number, or between two numbers."""


_DISCOUNT_WORDS = frozenset({"ESCOMPTE", "SKONTO", "DISCOUNT", "DESCUENTO", "SCONTO", "KORTING"})


class _Token(NamedTuple):
    text: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        return self.text.isdigit()


@dataclass(frozen=True, slots=True)
class Cited:
    """A number in the text, and the words that it was read from."""

    number: str
    words: str
    at: int


@dataclass(frozen=True, slots=True)
class Indication:
    """Numbers in a text, in its order, and words that do not identify one invoice."""

    cited: tuple[Cited, ...] = ()
    unclear: tuple[str, ...] = ()


def says_discount(text: str | None) -> bool:
    """Return true for a text that mentions a discount for early payment."""
    return bool(text) and any(token.text in _DISCOUNT_WORDS for token in _tokens(text or ""))


def number_key(number: str) -> str:
    """Return the letters and digits of a number, in capitals: ``FAC-2026-000123`` → ``FAC2026000123``."""
    return "".join(_TOKEN.findall(number.upper()))


def digits_of(number: str) -> str:
    """Return the digits of a number: ``FAC-2026-000123`` → ``2026000123``."""
    return "".join(group for group in _TOKEN.findall(number.upper()) if group.isdigit())


def last_group_of(number: str) -> str:
    """Return the last group of digits of a number, its count: ``FAC-2026-000123`` → ``000123``; empty without any."""
    groups = _groups(number)
    return groups[-1] if groups else ""


def is_invoice_word(word: str) -> bool:
    """Return True for a word that only announces a number: ``facture``, ``inv``, ``n``."""
    return word.upper() in _WORDS | _SHORT_WORDS | _JOINTS


def cited(text: str | None, numbers: Iterable[str]) -> list[Cited]:
    """Return the numbers in the text, in its order."""
    return list(indication(text, numbers).cited)


def indication(text: str | None, numbers: Iterable[str]) -> Indication:
    """Return the numbers of open invoices in the text, and its unclear words."""
    return _Reading(text[:MAX_TEXT], tuple(dict.fromkeys(numbers))).result() if text else Indication()


def keys_in(text: str | None) -> list[str]:
    """Return everything in the text that could be an invoice number, as :func:`number_key` would write it."""
    return list(dict.fromkeys(key for key, _, _ in _runs(_tokens(text)))) if text else []


def digits_in(text: str | None) -> list[str]:
    """Return every run of digits in the text that could be all digits of a number (:func:`digits_of`)."""
    if not text:
        return []
    return list(
        dict.fromkeys(
            "".join(token.text for token in run[first:last])
            for run in _digit_runs(_tokens(text))
            for first in range(len(run))
            for last in range(first + 1, min(first + _MAX_TOKENS, len(run)) + 1)
        )
    )


def naming(text: str | None) -> Callable[[str], bool]:
    """Return a test if the text contains a number, its digits, or its last group of digits."""
    keys, digits = set(keys_in(text)), set(digits_in(text))
    short = [token.text for token in _tokens(text) if token.is_number] if text else []

    def may_name(number: str) -> bool:
        groups = _groups(number)
        if number_key(number) in keys or "".join(groups) in digits:
            return True
        return any(groups and _short_for(found, groups[-1]) for found in short)

    return may_name


def _tokens(text: str) -> list[_Token]:
    folded = "".join(map(_plain, text[:MAX_TEXT]))
    return [_Token(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(folded)]


def _plain(character: str) -> str:
    """Return one capital letter without its accent, or the character, so that offsets in the text are unchanged."""
    base = unicodedata.normalize("NFKD", character)[:1].upper()
    return base if len(base) == 1 else character


def _groups(number: str) -> list[str]:
    return [group for group in _TOKEN.findall(number.upper()) if group.isdigit()]


def _runs(tokens: list[_Token]) -> Iterator[tuple[str, int, int]]:
    """Yield each run of neighbouring tokens that could be a number: its key, first and last token."""
    for first in range(len(tokens)):
        key = ""
        for last in range(first, min(first + _MAX_TOKENS, len(tokens))):
            key += tokens[last].text
            if len(key) > _MAX_KEY:
                break
            if _could_be_number(key, glued=last > first):
                yield key, first, last


def _could_be_number(key: str, *, glued: bool) -> bool:
    if key.isdigit():
        return not glued and len(key) >= _BARE_NUMBER_LEAST_DIGITS
    return any(character.isdigit() for character in key)


def _digit_runs(tokens: list[_Token]) -> Iterator[list[_Token]]:
    run: list[_Token] = []
    for token in tokens:
        if token.is_number:
            run.append(token)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _short_for(text: str, group: str) -> bool:
    """Return True if the text is the group of digits, with the same or fewer leading zeros."""
    return len(text) <= len(group) and text.lstrip("0") == group.lstrip("0")


@dataclass(slots=True)
class _Reading:
    text: str
    numbers: tuple[str, ...]
    _tokens: list[_Token] = field(default_factory=list)
    _taken: set[int] = field(default_factory=set)
    _found: list[Cited] = field(default_factory=list)
    _unclear: set[int] = field(default_factory=set)

    def result(self) -> Indication:
        self._tokens = _tokens(self.text)
        self._read_whole()
        self._read_in_words()
        first: dict[str, Cited] = {}
        for citation in sorted(self._found, key=lambda c: c.at):
            first.setdefault(citation.number, citation)
        return Indication(tuple(first.values()), tuple(self._unclear_words()))

    def _unclear_words(self) -> Iterator[str]:
        for at in sorted(self._unclear):
            if at - 1 not in self._unclear:
                last = at
                while last + 1 in self._unclear:
                    last += 1
                yield self._words(at, last)

    def _words(self, first: int, last: int) -> str:
        return self.text[self._tokens[first].start : self._tokens[last].end]

    def _cite(self, number: str, first: int, last: int) -> None:
        self._found.append(Cited(number, self._words(first, last), self._tokens[first].start))

    def _read_whole(self) -> None:
        """Cite the numbers that are in the text with all their letters and digits, the longest first."""
        by_key: dict[str, list[str]] = {}
        for number in self.numbers:
            by_key.setdefault(number_key(number), []).append(number)
        runs = [run for run in _runs(self._tokens) if run[0] in by_key]
        for key, first, last in sorted(runs, key=lambda run: run[1] - run[2]):
            span = set(range(first, last + 1))
            if self._taken.isdisjoint(span):
                self._taken |= span
                for number in by_key[key]:
                    self._cite(number, first, last)

    def _read_in_words(self) -> None:
        """Match the digits after a word for an invoice; search the others for a number without its letters."""
        own_words = {word for number in self.numbers for word in _TOKEN.findall(number.upper())} | _WORDS
        announced, short, at = False, False, 0
        while at < len(self._tokens):
            token = self._tokens[at]
            end = at + 1
            if at in self._taken:
                announced, short = True, False
            elif token.is_number:
                while end < len(self._tokens) and self._tokens[end].is_number and end not in self._taken:
                    end += 1
                digits = sum(len(t.text) for t in self._tokens[at:end])
                if announced and (not short or digits >= _BARE_NUMBER_LEAST_DIGITS):
                    self._read_announced(at, end)
                else:
                    self._look_at_bare(at, end)
            elif self._is_word(at) and token.text in own_words | _SHORT_WORDS:
                announced, short = True, token.text not in own_words
            elif token.text not in _JOINTS:
                announced = False
            at = end

    def _is_word(self, at: int) -> bool:
        before = self.text[self._tokens[at].start - 1 : self._tokens[at].start]
        return not before.isalnum()

    def _read_announced(self, first: int, end: int) -> None:
        at = first
        while at < end:
            for last in range(min(end, at + _MAX_TOKENS) - 1, at - 1, -1):
                fitting = self._fitting([t.text for t in self._tokens[at : last + 1]])
                if len(fitting) == 1:
                    self._cite(fitting[0], at, last)
                    break
                if fitting:
                    self._unclear |= set(range(at, last + 1))
                    break
            else:
                last = at
                self._unclear.add(at)
            at = last + 1

    def _fitting(self, digits: list[str]) -> list[str]:
        """Return the numbers with these digits: all of theirs, or their last group."""
        return [
            number
            for number in self.numbers
            if (groups := _groups(number))
            and (
                "".join(digits) == "".join(groups)
                or (len(digits) == len(groups) and all(map(_short_for, digits, groups)))
                or (len(digits) == 1 and _short_for(digits[0], groups[-1]))
            )
        ]

    def _look_at_bare(self, first: int, end: int) -> None:
        """Mark digits as unclear that are those of a number, or its last group as it is printed."""
        whole = {digits_of(number) for number in self.numbers}
        printed = {groups[-1] for number in self.numbers if (groups := _groups(number))}
        for at in range(first, end):
            for last in range(at, min(end, at + _MAX_TOKENS)):
                digits = "".join(t.text for t in self._tokens[at : last + 1])
                known = digits in whole or (last == at and digits in printed)
                if known and len(digits) >= _BARE_NUMBER_LEAST_DIGITS:
                    self._unclear |= set(range(at, last + 1))
