"""Dates and fixed words as a French, an English or a German reader writes them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from encours.kernel.money import ReaderLanguage

Lang = Literal["fr", "en"]
"""Languages of explanations."""
MessageLang = ReaderLanguage
"""Languages of messages to customers."""

_MONTHS: dict[MessageLang, list[str]] = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),  # noqa: SIM905
    "en": "January February March April May June July August September October November December".split(),  # noqa: SIM905
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),  # noqa: SIM905
}
_DAYS_LATE: dict[MessageLang, tuple[str, str, str, str, str]] = {
    "fr": ("échéance ce jour", "dans {n} jour", "dans {n} jours", "{n} jour de retard", "{n} jours de retard"),
    "en": ("due today", "due in {n} day", "due in {n} days", "{n} day late", "{n} days late"),
    "de": ("heute fällig", "fällig in {n} Tag", "fällig in {n} Tagen", "{n} Tag überfällig", "{n} Tage überfällig"),
}  # fmt: skip


def language_of(tag: str) -> MessageLang:
    """Return French for French speakers, German for German speakers, English for everyone else."""
    match tag.lower()[:2]:
        case "fr":
            return "fr"
        case "de":
            return "de"
        case _:
            return "en"


def day(value: date, lang: MessageLang) -> str:
    """Return a date as 31/03/2026, 31 March 2026 or 31.03.2026."""
    match lang:
        case "fr":
            return value.strftime("%d/%m/%Y")
        case "de":
            return value.strftime("%d.%m.%Y")
        case "en":
            return f"{value.day} {_MONTHS['en'][value.month - 1]} {value.year}"


def day_in_words(value: date, lang: MessageLang, year: int) -> str:
    """Return a date as 28 janvier, 28 January or 28. Januar, with its year if that is not the given one."""
    number = {"fr": "1er" if value.day == 1 else f"{value.day}", "en": f"{value.day}", "de": f"{value.day}."}
    said = f"{number[lang]} {_MONTHS[lang][value.month - 1]}"
    return said if value.year == year else f"{said} {value.year}"


def days_late(days: int, lang: MessageLang) -> str:
    """Return the delay in words: ``15 days late``, ``due in 5 days``."""
    today, soon, soon_many, late, late_many = _DAYS_LATE[lang]
    if days == 0:
        return today
    several = abs(days) > 1
    return ((soon_many if several else soon) if days < 0 else (late_many if several else late)).format(
        n=abs(days)
    )
