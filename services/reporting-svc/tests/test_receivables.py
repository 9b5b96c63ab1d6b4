"""Given events, then rows: what each event changes in the receivables of a customer."""

from datetime import date

import pytest

from encours.contracts import Event
from encours.contracts.events.money.payment import PaymentIdentified
from encours.projection.row_cache import RowCache
from encours.testing.events import (
    DAY,
    applied,
    credited,
    disputed,
    event,
    issued,
    received,
    reversed_,
    unapplied,
    undisputed,
)
from encours.testing.history import happened
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.rows import (
    AGING_DAY_ID,
    AgingDay,
    Balance,
    Item,
    MovementRow,
)

INVOICE = issued(due_on=date(2026, 3, 1))


def given(*events: Event, day: date | None = DAY) -> RowCache:
    model = Receivables()
    rows = RowCache(model.rows)
    rows.assume_empty()
    if day is not None:
        rows.put(AgingDay(id=AGING_DAY_ID, day=day))
    for each in happened(*events):
        model.project(each, rows)
    return rows


def balance(rows: RowCache, customer_id: str = "cus_1") -> Balance:
    found = rows.get(Balance, "ent_1", customer_id, "EUR")
    assert found is not None
    return found


def test_an_issued_invoice_is_owed_in_the_band_of_the_day() -> None:
    now = balance(given(INVOICE))
    assert (now.band_1_minor, now.open_minor, now.account_minor, now.unapplied_minor) == (
        24_000,
        24_000,
        24_000,
        0,
    )


def test_before_any_day_was_opened_nothing_is_due() -> None:
    assert balance(given(INVOICE, day=None)).band_0_minor == 24_000


def test_a_payment_moves_from_the_account_at_once_and_from_the_item_when_it_is_applied() -> None:
    rows = given(INVOICE, received(10_000))
    assert (balance(rows).open_minor, balance(rows).unapplied_minor, balance(rows).account_minor) == (
        24_000,
        10_000,
        14_000,
    )
    rows = given(INVOICE, received(10_000), applied(10_000))
    assert (balance(rows).open_minor, balance(rows).unapplied_minor, balance(rows).account_minor) == (
        14_000,
        0,
        14_000,
    )


def test_a_payment_that_comes_undone_opens_the_debt_again_in_the_band_of_its_due_date() -> None:
    now = balance(given(INVOICE, received(24_000), applied(24_000), unapplied(24_000), reversed_(24_000)))
    assert (now.band_1_minor, now.open_minor, now.unapplied_minor, now.account_minor) == (
        24_000,
        24_000,
        0,
        24_000,
    )


def test_the_books_balance_after_every_event_of_a_command_also_when_the_reversal_comes_before_its_mirrors() -> (
    None
):
    events = [INVOICE, received(24_000), applied(24_000), reversed_(24_000), unapplied(24_000)]
    for count in range(1, len(events) + 1):
        now = balance(given(*events[:count]))
        assert now.open_minor - now.unapplied_minor == now.account_minor


def test_a_credit_note_takes_off_item_account_and_turnover() -> None:
    rows = given(INVOICE, credited(6_000))
    assert (balance(rows).open_minor, balance(rows).account_minor) == (18_000, 18_000)
    row = rows.get(MovementRow, 2, 0)
    assert row is not None
    assert (row.kind, row.item_minor, row.account_minor, row.net_minor) == (
        "credited",
        -6_000,
        -6_000,
        -5_000,
    )


def test_the_disputed_share_is_never_more_than_what_is_owed_and_no_payment_closes_it() -> None:
    rows = given(INVOICE, disputed(20_000), received(10_000), applied(10_000))
    assert balance(rows).disputed_minor == 14_000
    item = rows.get(Item, "inv_1")
    assert item is not None
    assert item.disputed_minor == 20_000


def test_a_conceded_claim_is_no_longer_overdue_although_the_books_wait_for_its_credit_note() -> None:
    conceded = undisputed(6_000, outcome="credited", awaiting_credit_minor=6_000)
    before = [INVOICE, disputed(6_000), conceded]
    now = balance(given(*before))
    assert (now.open_minor, now.disputed_minor, now.conceded_minor, now.late_conceded_minor) == (
        24_000, 6_000, 6_000, 6_000,
    )  # fmt: skip
    early = balance(given(*before, day=None))
    assert (early.conceded_minor, early.late_conceded_minor) == (6_000, 0)
    paid = balance(given(*before, received(20_000), applied(20_000)))
    assert (paid.open_minor, paid.disputed_minor, paid.conceded_minor) == (4_000, 4_000, 4_000)
    answered = balance(given(*before, credited(6_000, awaited_minor=6_000)))
    assert (answered.open_minor, answered.disputed_minor, answered.late_conceded_minor) == (18_000, 0, 0)


def test_money_of_an_unknown_payer_waits_apart_and_moves_whole_when_the_payer_is_known() -> None:
    known = event(PaymentIdentified, amount_minor=5_000)
    rows = given(received(5_000, customer_id=None))
    assert (balance(rows, "").unapplied_minor, balance(rows, "").account_minor) == (5_000, -5_000)
    rows = given(received(5_000, customer_id=None), known)
    assert (balance(rows, "").unapplied_minor, balance(rows, "").account_minor) == (0, 0)
    assert (balance(rows).unapplied_minor, balance(rows).account_minor) == (5_000, -5_000)


def test_every_movement_keeps_its_position_and_the_day_it_counts_from() -> None:
    rows = given(INVOICE, received(10_000), applied(10_000))
    row = rows.get(MovementRow, 3, 0)
    assert row is not None
    assert (row.effective_on, row.invoice_id, row.payment_id) == (DAY, "inv_1", "pay_1")
    assert (row.item_minor, row.cash_minor, row.account_minor) == (-10_000, -10_000, 0)


def test_an_event_of_an_invoice_that_was_never_issued_is_refused() -> None:
    with pytest.raises(LookupError, match="never issued"):
        given(applied(10_000))
