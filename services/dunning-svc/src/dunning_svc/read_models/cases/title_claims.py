"""Open invoices of a debtor as the procedure for a title judges them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from dunning_svc.domain.title.eligibility import TitleClaim
from dunning_svc.read_models.cases.fold.items import steps_taken
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.receivables import ItemRow


def title_claims(rows: MemoryRows, records: Sequence[str], day: date) -> Iterator[tuple[ItemRow, TitleClaim]]:
    """Yield the open invoices of all records of a customer on a day, the first due first."""
    open_rows = sorted(
        (row for row in rows.all(ItemRow) if row.customer_id in records and row.open_minor > 0),
        key=lambda row: (row.due_on, row.number),
    )
    groups = {(records[0], row.entity_id, row.currency) for row in open_rows}
    cases = [case for group in groups if (case := rows.case(group, day)) is not None]
    items = {item.invoice_id: item for case in cases for item in case.items}
    for row in open_rows:
        item = items.get(row.invoice_id)
        if item is None:
            continue
        taken = steps_taken(row)
        yield (
            row,
            TitleClaim(
                currency=row.currency,
                due_on=row.due_on,
                open_minor=row.open_minor,
                disputed_minor=item.contested_minor,
                planned_minor=item.on_plan_minor,
                in_hand_minor=item.covered_minor,
                noticed=any(
                    each.step and each.step.act == "registered_letter" and each.reached for each in taken
                ),
                stayed=item.stayed,
                placed=row.placement_id is not None,
                in_procedure=row.title_id is not None,
            ),
        )
