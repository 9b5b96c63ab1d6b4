"""Limitation of commercial claims, by country of the creditor (``limitation.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

from encours.kernel.terms import months_after
from encours.legal.dated import in_force

Acknowledgement = Literal["payment", "promise", "plan"]
"""Act by which the debtor acknowledges the debt."""


@dataclass(frozen=True, slots=True)
class LimitationRule:
    """Time of limitation for claims that fall due from a day on."""

    country: str
    valid_from: date
    months: int
    source: str
    interrupted_by: Mapping[Acknowledgement, str]


@dataclass(frozen=True, slots=True)
class ClaimLimitation:
    """Last days for an action. ``safe_on`` counts no interruption; ``extended_on`` counts the last one before it.

    A registered letter is no interruption (Cass. com. 18 May 2022, 20-23.204).
    """

    safe_on: date
    basis: str
    extended_on: date | None = None
    interrupted_on: date | None = None
    interruption: str | None = None


def limitation_rule(country: str, due_on: date) -> LimitationRule | None:
    """Return the rule of the creditor's country for a claim; ``None`` without one on file."""
    return in_force(_rules().get(country, ()), due_on)


def limitation_of(
    rule: LimitationRule, due_on: date, acknowledged: Iterable[tuple[date, Acknowledgement]]
) -> ClaimLimitation:
    """Return the last days for an action on a claim.

    An acknowledgement after the time has run out interrupts nothing.
    """
    safe_on = last = months_after(due_on, rule.months)
    interruption: tuple[date, Acknowledgement] | None = None
    for on, kind in sorted(acknowledged):
        if due_on < on <= last and kind in rule.interrupted_by:
            last, interruption = months_after(on, rule.months), (on, kind)
    if interruption is None:
        return ClaimLimitation(safe_on, rule.source)
    on, kind = interruption
    return ClaimLimitation(safe_on, rule.source, last, on, rule.interrupted_by[kind])


@cache
def _rules() -> dict[str, tuple[LimitationRule, ...]]:
    text = files("encours.legal").joinpath("limitation.toml").read_text(encoding="utf-8")
    found: dict[str, tuple[LimitationRule, ...]] = {}
    for row in sorted(tomllib.loads(text)["limitation"], key=lambda row: (row["country"], row["from"])):
        rule = LimitationRule(valid_from=row.pop("from"), **row)
        found[rule.country] = (*found.get(rule.country, ()), rule)
    return found
