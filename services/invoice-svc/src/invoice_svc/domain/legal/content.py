"""Mentions that a document needs, by the seller's country and from a day on, and usual reasons of exemption: data.

A new country is new lines in ``content.csv``, ``exemptions.csv`` and ``penalties.csv``; ``*`` stands for all. The
mentions themselves are a closed set (:mod:`invoice_svc.domain.invoice.content`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from msgspec import convert

from encours.contracts.common import Exemption, VatCategory
from invoice_svc.domain.legal import rows_of

EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A mention that the law of a country requires from a day on, and its source."""

    country: str
    mention: str
    valid_from: date
    source: str


@cache
def _requirements() -> tuple[Requirement, ...]:
    return tuple(
        Requirement(row["country"], row["mention"], date.fromisoformat(row["valid_from"]), row["source"])
        for row in rows_of("content.csv")
    )


@cache
def mentions_of(country: str) -> tuple[Requirement, ...]:
    """Return what sellers of a country have to state, each mention once, by its own law if that names it."""
    own = {each.mention: each for each in _requirements() if each.country == EVERYWHERE}
    return tuple((own | {each.mention: each for each in _requirements() if each.country == country}).values())


def required_mentions(country: str, day: date) -> dict[str, str]:
    """Return the mentions that a document of the day needs, with their sources."""
    return {each.mention: each.source for each in mentions_of(country) if each.valid_from <= day}


@cache
def _usual_exemptions(country: str) -> dict[str, tuple[date, Exemption]]:
    found: dict[str, tuple[date, Exemption]] = {}
    for wanted in (EVERYWHERE, country):
        for row in rows_of("exemptions.csv"):
            if row["country"] == wanted:
                reason = convert({name: row[name] for name in ("category", "text", "code")}, Exemption)
                found[reason.category] = date.fromisoformat(row["valid_from"]), reason
    return found


def usual_exemption(country: str, category: VatCategory, day: date) -> Exemption | None:
    """Return the reason that a category always has, in the words of the seller's law; ``None`` if it depends."""
    found = _usual_exemptions(country).get(category)
    return found[1] if found and found[0] <= day else None


@cache
def _penalty_texts() -> dict[str, str]:
    return {row["country"]: row["text"] for row in rows_of("penalties.csv")}


def penalty_exemption(country: str) -> Exemption:
    """Return the reason for which penalties and recovery fees bear no VAT, in the words of the creditor's law."""
    texts = _penalty_texts()
    return Exemption(category="O", text=texts.get(country, texts[EVERYWHERE]), code="VATEX-EU-O")
