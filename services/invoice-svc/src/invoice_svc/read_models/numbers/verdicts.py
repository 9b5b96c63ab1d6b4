"""Rules of the law on the numbers of a series, and those that its numbers of a year keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from encours.legal.invoicing import NumberRule
from invoice_svc.read_models.numbers.query import Completeness

RuleName = Literal["unique", "continuous", "chronological", "well_formed", "credit_notes_apart"]


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """A rule, the need for it in the entity's country, and whether the numbers keep it."""

    name: RuleName
    required: bool
    kept: bool


def verdicts(found: Completeness, rule: NumberRule) -> list[RuleVerdict]:
    """Judge the numbers of a series in a year by each rule.

    The ledger gives each number once, and a series numbers one kind of document: these two rules are always kept.
    """
    return [
        RuleVerdict("unique", required=True, kept=True),
        RuleVerdict("continuous", required=rule.gaps != "allowed", kept=found.missing_count == 0),
        RuleVerdict("chronological", required=rule.chronological, kept=not found.out_of_date_order),
        RuleVerdict("well_formed", required=True, kept=not found.ill_formed),
        RuleVerdict("credit_notes_apart", required=rule.own_series_for_credit_notes, kept=True),
    ]
