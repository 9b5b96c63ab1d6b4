"""Words of a text as they are compared in a search: without case, accents and leading zeros.

Letters and digits are words of their own, so that ``FAC-2026-000042`` is *fac 2026 42*, as is ``fac 2026/42``.
Python folds both what is kept and what is asked, and therefore the database needs no dictionary for it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from iso4217 import Currency

from encours.kernel.money import MAX_MINOR
from invoice_svc.domain.payment.indication import digits_of, is_invoice_word

MAX_WORDS = 300
"""Most words of a document that can be found; those of later lines cannot."""
CURRENCIES = {
    digits: [currency.code for currency in Currency if currency.exponent == digits] for digits in (0, 2, 3)
}
"""Codes of the currencies by their number of decimals."""
_MAX_LENGTH = 60
_WORD = re.compile(r"[^\W\d_]+|[0-9]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_JOINED = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_CODES = "|".join(code for codes in CURRENCIES.values() for code in codes)
_CURRENCY = re.compile(rf"[€$£¥]|(?<![^\W\d_])(?:{_CODES}|euros?)(?![^\W\d_])", re.IGNORECASE)
_AMOUNT = re.compile(
    r"(?:[0-9]{1,3}([ .,'’])[0-9]{3}(?:\1[0-9]{3})*|[0-9]{1,16})(?:[.,](?P<decimals>[0-9]{1,3}))?"
)
_NUMBER, _REFERENCE, _TEXT = "n", "r", "w"
"""Marks of stored words: of the legal number, of the customer's references, of free texts."""


def folded(text: str) -> str:
    """Return a text without case and accents, in one form: ``Œuvre Élan`` → ``oeuvre elan``."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_JOINED))
    return "".join(character for character in plain if not unicodedata.combining(character))


def one_line(name: str) -> str:
    """Return a name folded, its words one space apart."""
    return " ".join(folded(name).split())


def words_of(text: str) -> list[str]:
    """Return the words of a text in its order, numbers without leading zeros."""
    return [
        word.lstrip("0") or "0" if word.isdecimal() else word[:_MAX_LENGTH]
        for word in _WORD.findall(folded(text))
    ]


def number_words(number: str) -> set[str]:
    """Return the marked words of a legal number, and all its digits as one word."""
    return {_NUMBER + word for word in (*words_of(number), digits_of(number).lstrip("0")) if word}


def reference_words(*references: str | None) -> set[str]:
    """Return the marked words of references of the customer: order number, contract, buyer reference."""
    return {_REFERENCE + word for reference in references if reference for word in words_of(reference)}


def text_words(*texts: str | None) -> set[str]:
    """Return the marked words of free texts, in all at most :data:`MAX_WORDS`."""
    found: dict[str, None] = {}
    for text in texts:
        if len(found) >= MAX_WORDS:
            break
        found |= dict.fromkeys(words_of(text or ""))
    return {_TEXT + word for word in list(found)[:MAX_WORDS]}


def kept(words: set[str]) -> str:
    """Return marked words as they are stored: one text, in a fixed order."""
    return " ".join(sorted(words))


def of_text(stored: str) -> set[str]:
    """Return those of the stored words that come from free texts."""
    return {word for word in stored.split() if word.startswith(_TEXT)}


@dataclass(frozen=True, slots=True)
class SearchText:
    """The text of a search, read in each of the ways in which it can be meant.

    ``numbers``, the most exact one first, ``reference``, ``digits`` and ``text`` are queries of PostgreSQL's text
    search over stored words; ``name_beside`` and ``amount_beside`` are the letters alone and the digits alone.
    """

    numbers: tuple[str, ...]
    reference: str
    text: str
    amounts: dict[int, int]
    name_beside: str
    digits: str
    amounts_beside: dict[int, int]

    @classmethod
    def of(cls, text: str) -> SearchText | None:
        """Read a text; ``None`` if it has neither letters nor digits."""
        words = words_of(text)
        if not words:
            return None
        letters = [word for word in words if not word.isdecimal()]
        digits = [word for word in words if word.isdecimal()]
        alone = digits if all(map(is_invoice_word, letters)) else []
        read = [(wanted, beginning) for beginning in (False, True) for wanted in (words, alone) if wanted]
        mixed = bool(letters and digits)
        return cls(
            numbers=tuple(
                dict.fromkeys(_all_of(_NUMBER, wanted, beginning=beginning) for wanted, beginning in read)
            ),
            reference=_all_of(_REFERENCE, words, beginning=True),
            text=_text(words),
            amounts=amounts_in(text),
            name_beside=" ".join(letters) if mixed else "",
            digits=_all_of(_NUMBER, digits) if mixed else "",
            amounts_beside=amounts_in(_LETTERS.sub(" ", text)) if mixed else {},
        )


def _all_of(mark: str, words: list[str], *, beginning: bool = False) -> str:
    """Return the query for all of the words; with ``beginning`` the last one may be cut short."""
    return " & ".join(f"'{mark}{word}'" for word in words) + ":*" * beginning


def _text(words: list[str]) -> str:
    """Return the query for all of the words in texts or references; only the last one may be cut short.

    An index reads all invoices for the beginning of a word that all have, and skips them for the whole word.
    """
    ends = [""] * (len(words) - 1) + [":*"]
    return " & ".join(
        f"('{_TEXT}{word}'{end} | '{_REFERENCE}{word}'{end})" for word, end in zip(words, ends, strict=True)
    )


def amounts_in(text: str) -> dict[int, int]:
    """Return the amount that a text is, in minor units by the number of decimals of a currency.

    ``1 234,50``, ``1234.50``, ``1.234,50 €`` and ``EUR 1,234.50`` are 123450 with two decimals. Empty for a text that
    is no amount, or more decimals than the currency has.
    """
    plain = " ".join(_CURRENCY.sub(" ", text).split())
    if (match := _AMOUNT.fullmatch(plain)) is None:
        return {}
    decimals = match.group("decimals") or ""
    whole = plain[: len(plain) - len(decimals)]
    value = Decimal("".join(re.findall("[0-9]", whole)) + "." + (decimals or "0"))
    return dict(_in_minor_units(value))


def _in_minor_units(value: Decimal) -> Iterator[tuple[int, int]]:
    for digits in CURRENCIES:
        minor = value.scaleb(digits)
        if minor == minor.to_integral_value() and minor <= MAX_MINOR:
            yield digits, int(minor)
