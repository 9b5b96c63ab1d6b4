"""The rules are dated data: each counts from its day on, until a later one; one for the same day replaces it."""

from __future__ import annotations

from datetime import date

from encours.contracts.events import dispute as events
from invoice_svc.domain.dispute_rules.commands import MapCode, SetCategory, rules_id
from invoice_svc.domain.dispute_rules.state import DisputeRules, written


def map_code(state: DisputeRules, command: MapCode, today: date) -> list[events.DeductionCodeMapped]:
    """Map a code; no event if the mapping of that day is the same."""
    mapped = events.DeductionCodeMapped(
        rules_id=rules_id(command.entity_id),
        entity_id=command.entity_id,
        debtor_id=command.customer_id,
        code=written(command.code),
        category=command.category,
        label=command.label,
        valid_from=command.valid_from or today,
    )
    return [] if mapped in state.codes.get(mapped.code, ()) else [mapped]


def set_category(state: DisputeRules, command: SetCategory, today: date) -> list[events.DisputeCategorySet]:
    """Set owner and deadline of a category; no event if the rule of that day is the same."""
    ruled = events.DisputeCategorySet(
        rules_id=rules_id(command.entity_id),
        entity_id=command.entity_id,
        category=command.category,
        owner=command.owner,
        answer_days=command.answer_days,
        alert_days=command.alert_days,
        valid_from=command.valid_from or today,
    )
    return [] if ruled in state.categories.get(command.category, ()) else [ruled]
