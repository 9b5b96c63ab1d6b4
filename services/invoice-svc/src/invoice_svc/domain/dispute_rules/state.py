"""State of a creditor's rules for disputes, folded from their events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events import dispute as events
from encours.contracts.events.sales.dispute import Category
from encours.kernel.errors import NotFound


class DisputeRulesNotFound(NotFound):
    """The entity has no rules for disputes (404)."""

    code = "dispute-rules-not-found"
    title = "Dispute rules not found"
    remedy = "PUT /v1/deduction-codes/{code} or PUT /v1/dispute-categories/{category} for the entity first."


DisputeRulesEvent = events.DeductionCodeMapped | events.DisputeCategorySet


@dataclass(frozen=True, slots=True)
class DisputeRules:
    """Rules by code and by category, each in the order of their first days."""

    rules_id: str = ""
    entity_id: str = ""
    codes: Mapping[str, tuple[events.DeductionCodeMapped, ...]] = field(default_factory=dict)
    categories: Mapping[Category, tuple[events.DisputeCategorySet, ...]] = field(default_factory=dict)

    def category_of(self, code: str, customers: Sequence[str], day: date) -> Category | None:
        """Return the category of a debtor's code on a day, ``None`` if it is not mapped.

        A mapping for one of the customers, in their order, comes before that for all.
        """
        for customer in (*customers, None):
            for mapped in reversed(self.codes.get(written(code), ())):
                if mapped.debtor_id == customer and mapped.valid_from <= day:
                    return mapped.category
        return None

    def rule_of(self, category: Category, day: date) -> events.DisputeCategorySet | None:
        """Return the rule of a category on a day."""
        known = self.categories.get(category, ())
        return next((rule for rule in reversed(known) if rule.valid_from <= day), None)


def written(code: str) -> str:
    """Return a code as it is compared: in capitals, without blanks around it."""
    return code.strip().upper()


def evolve(state: DisputeRules, recorded: Recorded) -> DisputeRules:
    """Return the rules after one more event."""
    event = cast(DisputeRulesEvent, recorded.data)
    state = replace(state, rules_id=event.rules_id, entity_id=event.entity_id)
    match event:
        case events.DeductionCodeMapped():
            same = (event.debtor_id, event.valid_from)
            known = state.codes.get(event.code, ())
            codes = [each for each in known if (each.debtor_id, each.valid_from) != same]
            mapped = tuple(sorted([*codes, event], key=lambda each: each.valid_from))
            return replace(state, codes={**state.codes, event.code: mapped})
        case events.DisputeCategorySet():
            ruled = state.categories.get(event.category, ())
            rules = [each for each in ruled if each.valid_from != event.valid_from]
            ruled = tuple(sorted([*rules, event], key=lambda each: each.valid_from))
            return replace(state, categories={**state.categories, event.category: ruled})
        case _:
            assert_never(event)
