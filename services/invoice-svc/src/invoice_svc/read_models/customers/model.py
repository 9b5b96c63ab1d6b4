"""The part of the lists that finds customers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events.parties.customer import (
    CustomerAmended,
    CustomerMerged,
    CustomerMergeReversed,
    CustomerRegistered,
    FieldsSet,
    RolesAssigned,
)
from encours.contracts.events.parties.insolvency import InsolvencyClosed, InsolvencyOpened
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from encours.reading.insolvency import InsolvencyRow
from encours.reading.merges import MergeRow
from invoice_svc.domain.customer.likeness import marks_of, plain_name
from invoice_svc.read_models.customers.rows import CustomerRow, RolesRow
from invoice_svc.read_models.known import known

_Read = (
    CustomerRegistered
    | CustomerAmended
    | FieldsSet
    | RolesAssigned
    | CustomerMerged
    | CustomerMergeReversed
    | InsolvencyOpened
    | InsolvencyClosed
)


class Customers(Part):
    """Customers by entity, name and external reference."""

    rows = (CustomerRow, RolesRow, MergeRow, InsolvencyRow)
    applies = frozenset(event.TYPE for event in _Read.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        if isinstance(e.data, CustomerAmended | FieldsSet):
            yield CustomerRow, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Read, e.data)
        match event:
            case CustomerRegistered():
                customer = CustomerRow(
                    customer_id=e.stream,
                    entity_id=event.entity_id,
                    name="",
                    name_key="",
                    plain_name="",
                    external_ref=event.external_ref,
                    from_on=e.effective_on,
                    from_position=e.position,
                    changed_position=e.position,
                    salesperson=None,
                    tags=[],
                    segment=None,
                    country="",
                    likeness=[],
                    fields=[],
                )
            case CustomerAmended():
                customer = known(CustomerRow, e, rows)
                customer.external_ref = event.ref_after(customer.external_ref)
            case FieldsSet():
                customer = known(CustomerRow, e, rows)
                customer.fields = [f"{each.field_code}:{each.value}" for each in event.fields]
                rows.put(customer)
                return
            case RolesAssigned():
                rows.put(
                    RolesRow(
                        customer_id=e.stream,
                        position=e.position,
                        valid_from=event.valid_from,
                        payer_id=event.payer_id,
                        billed_id=event.billed_id,
                        delivered_id=event.delivered_id,
                        group_id=event.group_id,
                    )
                )
                return
            case CustomerMerged() | CustomerMergeReversed():
                rows.put(MergeRow.of(e, event))
                return
            case InsolvencyOpened() | InsolvencyClosed():
                rows.put(InsolvencyRow.of(e, event))
                return
            case _:
                assert_never(event)
        customer.name, customer.name_key = event.name, event.name.lower()
        customer.plain_name, customer.changed_position = plain_name(event.name), e.position
        customer.salesperson, customer.tags = event.salesperson, list(event.tags)
        customer.segment, customer.country = event.segment, event.country
        customer.likeness = marks_of(event)
        rows.put(customer)
