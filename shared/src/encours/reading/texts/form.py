"""The form of the texts: a template in English and one in French for a type of event, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Literal

from encours.contracts import Event
from encours.reading.texts.words import FRENCH

Language = Literal["en", "fr"]
Lines = dict[type[Event], tuple[str, str]]
"""Texts by type of event."""
_CODE = re.compile("[a-z]+(_[a-z]+)+")
"""A word of the contracts, such as ``registered_letter``; not an id, nor what people wrote."""
_NUMBERED = re.compile(r"\{(\w+)\}|\(s\)")


def share_text(bps: int, language: Language) -> str:
    """Return a share in basis points as ``12.50 %`` or ``12,50 %``."""
    return f"{decimal_text(f'{bps // 100}.{bps % 100:02d}', language)} %"


def day_text(day: date, language: Language) -> str:
    """Return a day as ``2026-03-31`` or ``31/03/2026``."""
    return day.strftime("%d/%m/%Y") if language == "fr" else day.isoformat()


def word_text(word: str, language: Language) -> str:
    """Return a word of the contracts as people write it; any other text as it is."""
    if language == "fr":
        return FRENCH.get(word, word)
    return word.replace("_", " ") if _CODE.fullmatch(word) else word


def decimal_text(number: str, language: Language) -> str:
    """Return a decimal number as ``0.90`` or ``0,90``."""
    return number.replace(".", ",") if language == "fr" else number


def numbered(template: str, counts: Mapping[str, int], language: Language) -> str:
    """Return the template with each ``(s)`` as the number before it asks; none is 0 invoices, and 0 facture.

    ``counts``: numbers by the names that stand for them.
    """
    number: int | None = None

    def written(found: re.Match[str]) -> str:
        nonlocal number
        if found[1]:
            number = counts.get(found[1], number)
            return found[0]
        if number is None:
            return found[0]
        return "" if abs(number) == 1 or (language == "fr" and number == 0) else "s"

    return _NUMBERED.sub(written, template)
