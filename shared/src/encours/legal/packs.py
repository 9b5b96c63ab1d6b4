"""Packs: one TOML file a country in ``packs/``, and the published rates that they refer to in ``rates/``.

Adding a country, a rate or a rule is a line of data with its source. What no source confirmed is left out, and the file
says so; a lawyer has to confirm the rest before production.
"""

from __future__ import annotations

import csv
import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from encours.kernel.terms import Ceiling
from encours.legal.dated import Dated
from encours.legal.invoicing import InvoicingLaw, IssueDeadline, NumberRule
from encours.legal.law import (
    CeilingRule,
    FeeRule,
    FloorRule,
    InterestRule,
    LatePaymentLaw,
    LetterWords,
    ReferenceRate,
)

_HOME = files("encours.legal")


@cache
def law_of(country: str) -> LatePaymentLaw:
    """Return the law of a country; one without rules if it has no pack."""
    return read_law(_HOME, country)


def read_law(home: Traversable, country: str) -> LatePaymentLaw:
    """Return the law of a country from a folder with ``packs/`` and ``rates/``."""
    pack = _pack(home, country)
    if pack is None:
        return LatePaymentLaw(country)
    return LatePaymentLaw(
        country=country,
        default_days=tuple(Dated(row["from"], row["days"], row["source"]) for row in pack["default_days"]),
        interest=tuple(_interest(home, row) for row in pack["interest"]),
        fees=tuple(_fee(row) for row in pack.get("fee", ())),
        ceilings=tuple(_ceiling(row) for row in pack.get("ceiling", ())),
        floors=tuple(_floor(home, row) for row in pack.get("floor", ())),
        letters={lang: LetterWords(**words) for lang, words in pack.get("letters", {}).items()},
    )


@cache
def invoicing_law_of(country: str) -> InvoicingLaw:
    """Return the law of a country on numbers and issue; one without rules if it has no pack."""
    pack = _pack(_HOME, country) or {}
    return InvoicingLaw(
        country=country,
        numbers=tuple(NumberRule(**_dated(row)) for row in pack.get("numbers", ())),
        deadlines=tuple(IssueDeadline(**_dated(row)) for row in pack.get("issue_deadline", ())),
    )


def _pack(home: Traversable, country: str) -> dict[str, Any] | None:
    path = home / "packs" / f"{country}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    return {("valid_from" if name == "from" else name): value for name, value in row.items()}


def _interest(home: Traversable, row: dict[str, Any]) -> InterestRule:
    return InterestRule(
        valid_from=row["from"],
        reference=_reference(home, row["reference"]),
        margin_bps=row["margin_bps"],
        applies=row["applies"],
        source=row["source"],
        reference_day=row.get("reference_day", "first_day"),
        round_up_to_bps=row.get("round_up_to_bps", 1),
    )


def _fee(row: dict[str, Any]) -> FeeRule:
    tiers = tuple((tier["above_minor"], tier["fee_minor"]) for tier in row["tiers"])
    return FeeRule(row["from"], row["currency"], tiers, row["source"])


def _ceiling(row: dict[str, Any]) -> CeilingRule:
    ceiling = Ceiling(row["net_days"], row.get("end_of_month_days"), row.get("periodic_days"))
    return CeilingRule(row["from"], ceiling, row["source"])


def _floor(home: Traversable, row: dict[str, Any]) -> FloorRule:
    return FloorRule(row["from"], _reference(home, row["reference"]), row["multiple"], row["source"])


def _reference(home: Traversable, name: str) -> ReferenceRate:
    """Return a published rate; a line without a value says up to which day the last one is known to hold."""
    text = (home / "rates" / f"{name}.csv").read_text(encoding="utf-8")
    rows = sorted(csv.DictReader(text.splitlines()), key=lambda row: row["valid_from"])
    values = tuple(
        Dated(date.fromisoformat(row["valid_from"]), int(row["bps"]), row["source"])
        for row in rows
        if row["bps"]
    )
    return ReferenceRate(rows[0]["name"], values, date.fromisoformat(rows[-1]["valid_from"]))
