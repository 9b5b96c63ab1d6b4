"""Queries of ``credit`` for a debtor whose invoices are on a record that was merged into another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from encours.contracts.events.insurance import CoverCancelled
from encours.projection.projector import create_tables
from encours.projection.rows import Row, table_of
from encours.reading.insured import InsuranceEventRow
from encours.reading.merges import MergeRow, survivors
from encours.reading.rates import RateRow
from encours.testing.events import event
from encours.testing.history import recorded
from encours.testing.servers import Installation
from risk_svc.read_models.credit.grades import moved_between
from risk_svc.read_models.credit.guarantees import GuaranteeRow
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.credit.order_query import blocked_since
from risk_svc.read_models.credit.rows import (
    CreditCustomerRow,
    CreditRolesRow,
    ExposureInvoiceRow,
    ExposureMovementRow,
    ExposureRow,
    ReservationRow,
)
from risk_svc.read_models.credit.standing import standings
from risk_svc.read_models.file.rows import AccountChecklistRow, AccountStateRow
from tests.integration.store import Store

SCHEMA, DAY = "credit_merges", date(2026, 6, 30)
DUE = DAY - timedelta(days=60)
MERGED, REMAINS = "cus_1", "cus_2"
ROWS: tuple[Row, ...] = (
    *(
        CreditCustomerRow(customer_id=each, entity_id="ent_1", name="Dupont", from_position=1, exposures="")
        for each in (MERGED, REMAINS)
    ),
    MergeRow(customer_id=MERGED, position=2, effective_on=DUE, into_id=REMAINS),
    ExposureInvoiceRow(
        invoice_id="inv_1", customer_id=MERGED, currency="EUR", drafted="", number="F1", issued_on=DUE,
        due_on=DUE, total_minor=100_00, issued_position=3,
    ),
    ExposureMovementRow(
        position=3, line=0, customer_id=MERGED, currency="EUR", invoice_id="inv_1", effective_on=DUE,
        open_minor=100_00, owed_minor=100_00,
    ),
    ExposureRow(customer_id=MERGED, currency="EUR", exposure_minor=100_00),
    ReservationRow(
        reservation_id="rsv_1", customer_id=REMAINS, entity_id="ent_1", holder_id=REMAINS, order_ref="WEB",
        status="blocked", amount_minor=1_00, currency="EUR", reserved_minor=0, delivered_minor=0,
        deliver_on=None, expires_on=DAY, decision="refuse", reasons=[], attempt=1, decided_on=DAY,
        decided_position=4, ordered_on=DAY, ordered_position=4, changed_on=DAY, changed_position=4,
    ),
    ExposureMovementRow(
        position=5, line=0, customer_id=MERGED, currency="EUR", invoice_id="inv_1", effective_on=DAY,
        open_minor=-1_00, owed_minor=-1_00,
    ),
    MergeRow(customer_id=MERGED, position=9, effective_on=DAY, into_id=None),
    GuaranteeRow(
        guarantee_id="gua_1", customer_id=REMAINS, currency="EUR", amount_minor=1, valid_from=DAY,
        valid_until=None, taken_position=20,
    ),
    AccountStateRow(customer_id=REMAINS, position=21, effective_on=DAY, is_open=True),
    AccountChecklistRow(entity_id="ent_1", position=22, effective_on=DAY, refers=False),
    CreditRolesRow(customer_id=REMAINS, position=23, valid_from=DAY, payer_id=None, group_id=None),
    RateRow(entity="ent_1", base="EUR", quote="USD", day=DAY, position=24, rate="1.1", source="ECB"),
    InsuranceEventRow.of(
        recorded(event(CoverCancelled, customer_id=REMAINS), position=25),
        event(CoverCancelled, customer_id=REMAINS),
    ),
    RateRow(entity="ent_2", base="EUR", quote="USD", day=DAY, position=26, rate="1.1", source="ECB"),
)  # fmt: skip


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    found = Store(module_installation.store_url("risk"))
    found.run(create_tables(found.conn, SCHEMA, Credit(), keys=True))
    for row in ROWS:
        table = table_of(type(row))
        places = ", ".join(f"${n}" for n in range(1, len(table.names) + 1))
        statement = f"insert into {SCHEMA}.{table.name} ({', '.join(table.names)}) values ({places})"
        found.run(found.conn.execute(statement, *(getattr(row, name) for name in table.names)))
    yield found
    found.close()


def test_the_record_that_remains_is_late_with_invoices_of_the_merged_one(store: Store) -> None:
    read = standings(store.conn, SCHEMA, "ent_1", after="", limit=10, as_of=DAY, position=5)
    assert [(each.customer_id, each.days_late) for each in store.run(read)] == [(MERGED, 0), (REMAINS, 60)]


def test_a_credit_note_on_a_merged_record_has_the_orders_of_the_debtor_decided_again(store: Store) -> None:
    for since, found in ((4, [("rsv_1", "ent_1")]), (5, [])):
        read = blocked_since(store.conn, SCHEMA, since, day=DAY, position=5)
        assert store.run(read) == found


@pytest.mark.parametrize("position", range(20, 27))
def test_what_can_free_an_order_has_it_decided_again(store: Store, position: int) -> None:
    """A guarantee, an account, a checklist, roles, a rate and a cover; not the rate of another entity."""
    read = blocked_since(store.conn, SCHEMA, position - 1, day=DAY, position=position)
    assert store.run(read) == ([("rsv_1", "ent_1")] if position < 26 else [])


def test_debtors_move_by_a_merge_and_by_its_reversal(store: Store) -> None:
    for after, upto, moved in ((1, 2, [REMAINS]), (5, 8, []), (8, 9, [MERGED, REMAINS])):
        merged = store.run(survivors(store.conn, SCHEMA, DAY, upto))
        read = moved_between(store.conn, SCHEMA, merged, after=after, upto=upto)
        assert store.run(read).get("ent_1", []) == moved
