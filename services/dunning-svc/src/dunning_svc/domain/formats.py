"""Dates, amounts and fixed words as a French or an English reader writes them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from encours.kernel.money import format_amount

Lang = Literal["fr", "en"]

_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905


def language_of(tag: str) -> Lang:
    """French for French speakers, English for everyone else."""
    return "fr" if tag.lower().startswith("fr") else "en"


def day(value: date, lang: Lang) -> str:
    """Return a date as 31/03/2026 or 31 March 2026."""
    if lang == "fr":
        return value.strftime("%d/%m/%Y")
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def amount(minor: int, currency: str, lang: Lang) -> str:
    """Return an amount as 1 234,56 EUR (narrow no-break spaces) or 1,234.56 EUR."""
    whole, point, fraction = format_amount(abs(minor), currency).partition(".")
    grouped = f"{int(whole):,}"
    if lang == "fr":
        grouped, point = grouped.replace(",", "\u202f"), point and ","
    sign = "-" if minor < 0 else ""
    return f"{sign}{grouped}{point}{fraction}\u00a0{currency}"


def days_late(days: int, lang: Lang) -> str:
    """Return the delay in words: ``15 days late``, ``due in 5 days``."""
    unit = ("jour" if lang == "fr" else "day") + ("s" if abs(days) > 1 else "")
    if days == 0:
        return "échéance ce jour" if lang == "fr" else "due today"
    if days < 0:
        return f"dans {-days} {unit}" if lang == "fr" else f"due in {-days} {unit}"
    return f"{days} {unit} de retard" if lang == "fr" else f"{days} {unit} late"
