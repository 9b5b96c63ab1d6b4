"""The rules of a price index."""

from __future__ import annotations

from decimal import Decimal

from encours.contracts.events.sales.recurring import IndexPublished, IndexValue
from encours.kernel.errors import Invalid, Refusal
from invoice_svc.domain.amounts.decimals import decimal_parts
from invoice_svc.domain.index.commands import PublishIndex
from invoice_svc.domain.index.state import PriceIndex, period_of


class FrequencyFixed(Refusal):
    """The periods of an index have one length."""

    code = "index-frequency-fixed"
    title = "Frequency of the index cannot change"
    remedy = "Set the values of another index, under another code."


def publish(state: PriceIndex, command: PublishIndex) -> list[IndexPublished]:
    """Set values of the index; no event if it has them all already."""
    if state.index_id and state.frequency != command.frequency:
        raise FrequencyFixed(f"{state.code} is {state.frequency}, not {command.frequency}.")
    values: dict[object, IndexValue] = {}
    for i, (day, text) in enumerate(command.values):
        _, _, value = decimal_parts(text, f"/values/{i}/value")
        if Decimal(value) <= 0:
            raise Invalid("The value of an index is above 0.", f"/values/{i}/value")
        period = period_of(command.frequency, day)
        if values.setdefault(period, IndexValue(period=period, value=value)).value != value:
            raise Invalid(f"{period} has two values: give one.", f"/values/{i}/value")
    changed = tuple(each for each in values.values() if state.values.get(each.period) != each.value)
    same = (state.name, state.source) == (command.name, command.source)
    if state.index_id and same and not changed:
        return []
    return [
        IndexPublished(
            index_id=command.index_id,
            entity_id=command.entity_id,
            code=command.code,
            name=command.name,
            frequency=command.frequency,
            source=command.source,
            values=changed,
        )
    ]
