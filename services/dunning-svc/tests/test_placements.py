"""Placements: what may be handed over, what is paid meanwhile and the fee on it, and no reminder while it lasts."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from dunning_svc.domain.placement.account import PlacementAccount, account_of
from dunning_svc.domain.placement.commands import (
    PlaceableDebtor,
    PlaceableInvoice,
    PlaceInvoices,
    RecallInvoices,
)
from dunning_svc.domain.placement.decide import NotPlaceable, place, recall, tasks_to_close
from dunning_svc.domain.placement.state import PLACEMENT, Placement
from dunning_svc.http.placements.answers import PlacementAsOf, PlacementOut
from dunning_svc.http.placements.bodies import PlacementBody
from dunning_svc.read_models.cases.fold.by_event import keys, project
from dunning_svc.read_models.cases.fold.placements import placement_of
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.legal import PlacementRow
from dunning_svc.use_cases.placements import debtor_of, partner_task
from encours.contracts import Event, Recorded
from encours.contracts.events import reminders
from encours.contracts.events.dunning.placements import (
    InvoicesPlaced,
    InvoicesRecalled,
    PlacedInvoice,
    PlacementFee,
    PlacementPartner,
)
from encours.kernel.errors import DomainError
from encours.testing.events import applied, credited, disputed, event, issued, unapplied, undisputed
from encours.testing.history import happened
from encours.testing.scenario import given
from tests.histories.dunning import History

TODAY = date(2026, 6, 10)
PARTNER = PlacementPartner(kind="agency", name="Recouvreur", reference="R-7", email=None)
OPEN = PlaceableInvoice(
    number="FAC-1", entity_id="ent_1", currency="EUR", issued_on=date(2026, 1, 5), due_on=date(2026, 2, 4),
    open_minor=10_000, disputed_minor=2_000, notice_on=date(2026, 5, 2), placement_id=None,
)  # fmt: skip
FILE = PlaceableDebtor("cus_1", {"inv_1": OPEN, "inv_2": replace(OPEN, number="FAC-2", disputed_minor=0)}, 0)
FEE = PlacementFee(percent_bps=1_250, fixed_minor=None)
PLACE = PlaceInvoices("cus_1", ("inv_1", "inv_2"), PARTNER, FEE, None, None, None)


def made(**fields: Any) -> InvoicesPlaced:
    return replace_event(place(FILE, PLACE, TODAY, notice_required=True), **fields)


def replace_event(base: InvoicesPlaced, **fields: Any) -> InvoicesPlaced:
    names = InvoicesPlaced.__struct_fields__
    return InvoicesPlaced(**({name: getattr(base, name) for name in names} | fields))


def test_what_is_open_and_undisputed_is_handed_over() -> None:
    found = made()
    assert (found.amount_minor, found.handed_over_on, found.currency) == (18_000, TODAY, "EUR")
    assert [(each.open_minor, each.disputed_minor) for each in found.invoices] == [
        (10_000, 2_000),
        (10_000, 0),
    ]
    again = place(replace(FILE, placements=1), PLACE, TODAY, notice_required=True)
    assert again.placement_id != found.placement_id, "two placements at once have one id, so one is refused"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"placement_id": "plc_1"}, "invoices-not-placeable"),
        ({"open_minor": 2_000}, "invoices-not-placeable"),
        ({"open_minor": 0}, "invoices-not-placeable"),
        ({"currency": "USD"}, "invoices-not-placeable"),
        ({"entity_id": "ent_2"}, "invoices-not-placeable"),
        ({"issued_on": TODAY + timedelta(days=1)}, "invoices-not-placeable"),
        ({"notice_on": None}, "formal-notice-missing"),
    ],
)
def test_what_cannot_be_handed_over_is_refused(change: dict[str, Any], code: str) -> None:
    known = replace(FILE, invoices={**FILE.invoices, "inv_1": replace(OPEN, **change)})
    with pytest.raises(DomainError) as refusal:
        place(known, PLACE, TODAY, notice_required=True)
    assert refusal.value.code == code


def test_an_invoice_of_another_customer_or_a_day_to_come_is_refused() -> None:
    for cmd, code in (
        (replace(PLACE, invoice_ids=("inv_9",)), "invoices-not-placeable"),
        (replace(PLACE, handed_over_on=TODAY + timedelta(days=1)), "outside-placement"),
        (replace(PLACE, fee_currency="USD"), "outside-placement"),
    ):
        with pytest.raises(DomainError) as refusal:
            place(FILE, cmd, TODAY, notice_required=True)
        assert refusal.value.code == code


def test_a_formal_notice_is_not_needed_with_a_reason_or_by_the_installation() -> None:
    known = replace(FILE, invoices={"inv_1": replace(OPEN, notice_on=None)})
    cmd = replace(PLACE, invoice_ids=("inv_1",))
    assert place(known, cmd, TODAY, notice_required=False).without_notice is None
    reasoned = replace(cmd, without_notice="Debtor is moving abroad")
    assert place(known, reasoned, TODAY, notice_required=True).without_notice == "Debtor is moving abroad"
    assert (
        place(FILE, replace(reasoned, invoice_ids=("inv_1",)), TODAY, notice_required=True).without_notice
        is None
    )


def test_an_invoice_of_a_running_title_procedure_is_with_no_partner() -> None:
    known = replace(FILE, invoices={**FILE.invoices, "inv_1": replace(OPEN, title_id="ttl_1")})
    with pytest.raises(NotPlaceable, match="ttl_1"):
        place(known, replace(PLACE, invoice_ids=("inv_1",)), TODAY, notice_required=True)


def test_an_invoice_is_with_one_partner_on_a_day() -> None:
    """A payment of a day on which it was with two partners would count for both."""
    back = date(2026, 6, 5)
    known = replace(FILE, invoices={**FILE.invoices, "inv_1": replace(OPEN, recalled_on=back)})
    for day in (date(2026, 6, 1), back):
        with pytest.raises(NotPlaceable, match="with another partner until 2026-06-05"):
            place(known, replace(PLACE, handed_over_on=day), TODAY, notice_required=True)
    later = replace(PLACE, handed_over_on=back + timedelta(days=1))
    assert place(known, later, TODAY, notice_required=True).handed_over_on == date(2026, 6, 6)


def test_the_day_of_the_last_recall_counts_wherever_it_was_placed() -> None:
    rows = MemoryRows()
    history: list[Event] = [
        issued(10_000, invoice_id=name, customer_id="cus_1") for name in ("inv_1", "inv_2")
    ]
    for n, day in enumerate((8, 5)):
        placed = made(placement_id=f"plc_{n}")
        cmd = RecallInvoices("", ("inv_1",), "test", TODAY + timedelta(days=day))
        state = PLACEMENT.fold(happened(placed))
        history += [placed, *recall(state, cmd, TODAY + timedelta(days=9))]
    for e in happened(*history):
        on = e.data.recalled_on if isinstance(e.data, InvoicesRecalled) else TODAY
        project(replace_recorded(e, e.position, on), rows)
    found = debtor_of(rows, "cus_1", ["cus_1"])
    assert found.invoices["inv_1"].recalled_on == TODAY + timedelta(days=8)
    assert found.invoices["inv_2"].recalled_on is None


def test_a_placement_ends_on_the_last_day_of_its_recalls_however_they_were_recorded() -> None:
    state, rows = PLACEMENT.fold(happened(made())), MemoryRows()
    stream: list[Event] = [made()]
    for name, day in (("inv_1", 8), ("inv_2", 5)):
        cmd = RecallInvoices("", (name,), "test", TODAY + timedelta(days=day))
        (back,) = recall(state, cmd, TODAY + timedelta(days=9))
        state = PLACEMENT.fold(happened(back), state)
        stream.append(back)
    for e in happened(*stream):
        on = e.data.recalled_on if isinstance(e.data, InvoicesRecalled) else TODAY
        project(replace_recorded(e, e.position, on), rows)
    (row,) = rows.all(PlacementRow)
    columns = {name: getattr(row, name) for name in row.__struct_fields__}
    for day in range(4, 10):
        on = TODAY + timedelta(days=day)
        shown = PlacementOut.of(placement_of(columns, 9, on)).status
        assert row.ended_on is not None
        assert ("recalled" if row.ended_on <= on else "placed") == shown, on


def test_tasks_for_placed_invoices_alone_are_completed() -> None:
    tasks = (("tsk_1", ("inv_1",)), ("tsk_2", ("inv_1", "inv_3")), ("tsk_3", ("inv_1", "inv_2")))
    known = replace(FILE, open_tasks=tasks)
    assert [each.task_id for each in tasks_to_close(known, ("inv_1", "inv_2"))] == ["tsk_1", "tsk_3"]


def test_invoices_are_recalled_one_by_one_and_then_no_more() -> None:
    first = RecallInvoices(made().placement_id, ("inv_1",), "Paid in cash", None)
    (back,) = given(PLACEMENT, made()).when(recall, first, TODAY).then_types(InvoicesRecalled)
    assert (back.invoice_ids, back.ended) == (("inv_1",), False)
    rest = RecallInvoices(made().placement_id, (), "End of mandate", None)
    (last,) = given(PLACEMENT, made(), back).when(recall, rest, TODAY).then_types(InvoicesRecalled)
    assert (last.invoice_ids, last.ended) == (("inv_2",), True)
    given(PLACEMENT, made(), back, last).when(recall, rest, TODAY).then()
    given(PLACEMENT, made()).when(recall, replace(rest, invoice_ids=("inv_9",)), TODAY).refused(
        "outside-placement"
    )
    early = replace(rest, recalled_on=TODAY - timedelta(days=1))
    given(PLACEMENT, made()).when(recall, early, TODAY).refused("outside-placement")


def account(
    *events: tuple[int, Event], fee: PlacementFee = PLACE.fee, back: int | None = None
) -> PlacementAccount:
    """The account of a placement of an invoice of 100.00 on the tenth; ``events`` with their days of June."""
    placed = event(PlacedInvoice, invoice_id="inv_1", open_minor=10_000)
    state = Placement(made(fee=fee, invoices=(placed,)), "ent_1", 10)
    if back is not None:
        (recalled,) = recall(
            state, RecallInvoices("plc_1", (), "test", date(2026, 6, back)), date(2026, 6, 30)
        )
        state = PLACEMENT.fold(happened(recalled), state)
    return account_of(state, [on_days((1, issued(10_000, invoice_id="inv_1")), *events)])


def on_days(*events: tuple[int, Event]) -> list[Recorded]:
    """Events of June with positions that follow from their days: the hand-over has position 10."""
    found = []
    for n, (day, each) in enumerate(events):
        (recorded,) = happened(each, on=date(2026, 6, day))
        found.append(replace_recorded(recorded, day * 10 + n if day > 10 else n))
    return found


def replace_recorded(e: Recorded, position: int, on: date | None = None) -> Recorded:
    changed = {"position": position, "effective_on": on or e.effective_on}
    return Recorded(**({name: getattr(e, name) for name in e.__struct_fields__} | changed))


def paid(minor: int, day: int, payment_id: str = "pay_1") -> tuple[int, Event]:
    on = date(2026, 6, day)
    return day, applied(minor, invoice_id="inv_1", payment_id=payment_id, received_on=on)


def undone(minor: int, day: int, payment_id: str = "pay_1") -> tuple[int, Event]:
    return day, unapplied(minor, invoice_id="inv_1", payment_id=payment_id)


def test_the_fees_on_payments_make_the_fee_on_their_sum() -> None:
    found = account(paid(333, 11), paid(333, 12, "pay_2"), paid(334, 13, "pay_3"))
    assert [each.fee_minor for each in found.payments] == [42, 41, 42]
    assert (found.paid_minor, found.fee_minor) == (1_000, 125)
    assert found.balances["inv_1"].open_minor == 9_000
    fixed = account(paid(333, 11), fee=PlacementFee(percent_bps=None, fixed_minor=5_000))
    assert [each.fee_minor for each in fixed.payments] == [0]


def test_money_counts_from_the_hand_over_to_the_recall_by_the_day_it_came() -> None:
    days = [paid(100, 9), paid(200, 10, "pay_2"), paid(300, 20, "pay_3"), paid(400, 21, "pay_4")]
    assert [each.amount_minor for each in account(*days, back=20).payments] == [200, 300]
    lettered_late = (15, applied(500, invoice_id="inv_1", received_on=date(2026, 6, 8)))
    assert account(lettered_late).payments == []


def test_a_reversal_takes_back_what_the_payment_counted_for() -> None:
    assert account(paid(100, 5), undone(100, 12)).paid_minor == 0
    found = account(paid(100, 11), undone(100, 25), back=20)
    assert ([each.amount_minor for each in found.payments], found.fee_minor) == ([100, -100], 0)


def test_a_dispute_that_is_recorded_after_the_hand_over_is_told_even_if_it_is_older() -> None:
    older = on_days((9, disputed(2_000, invoice_id="inv_1")))
    placed = event(PlacedInvoice, invoice_id="inv_1", open_minor=10_000)
    state = Placement(made(invoices=(placed,)), "ent_1", 10)
    assert account_of(state, [older]).news == []
    told = account_of(state, [[replace_recorded(e, 11) for e in older]]).news
    assert [(each.kind, each.on) for each in told] == [("disputed", date(2026, 6, 9))]


def test_placements_of_merged_records_do_not_change_the_next_id() -> None:
    """They did: after the merge was reversed, the id of the next placement was taken, and no command succeeded."""
    rows = MemoryRows()
    for n, customer_id in enumerate(("cus_1", "cus_2", "cus_2")):
        made_by = made(placement_id=f"plc_{n}", customer_id=customer_id)
        (e,) = happened(made_by, on=TODAY)
        project(e, rows)
    assert debtor_of(rows, "cus_1", ["cus_1", "cus_2"]).placements == 1
    assert debtor_of(rows, "cus_1", ["cus_1"]).placements == 1


def test_credits_and_disputes_after_the_hand_over_are_told_in_one_task() -> None:
    found = account(
        (9, disputed(2_000, invoice_id="inv_1")),
        (12, credited(500, invoice_id="inv_1")),
        (13, disputed(1_000, invoice_id="inv_1")),
        (14, undisputed(1_000, invoice_id="inv_1", outcome="rejected")),
    )
    assert [(each.kind, each.amount_minor) for each in found.news] == [
        ("credited", 500), ("disputed", 1_000), ("dispute_ended", 1_000),
    ]  # fmt: skip
    task = partner_task(Placement(made(), "ent_1", 10), found.news, {"inv_1": "FAC-1"}, "0" * 32, TODAY)
    assert task.cause.startswith(
        "Tell Recouvreur (file R-7): 5.00\u00a0EUR of FAC-1 credited on 2026-06-12; "
    )
    assert (task.kind, task.invoice_ids) == ("placement", ("inv_1",))


def test_list_and_stream_show_the_same_placement() -> None:
    body = {
        "customer_id": "cus_" + "1" * 32,
        "invoice_ids": ["inv_" + "1" * 32],
        "partner": {"kind": "agency", "name": "Recouvreur", "reference": "R-7"},
        "fee": {"percent": "12.5"},
    }
    cmd = PlacementBody.model_validate(body).to_command()
    assert (cmd.partner, cmd.fee) == (PARTNER, PLACE.fee)
    (back,) = recall(PLACEMENT.fold(happened(made())), RecallInvoices("", ("inv_1",), "test", None), TODAY)
    stream, rows = happened(made(), back, on=TODAY), MemoryRows()
    for e in stream:
        list(keys(e))
        project(e, rows)
    (row,) = rows.all(PlacementRow)
    columns = {name: getattr(row, name) for name in row.__struct_fields__}
    shown = PlacementOut.of(PLACEMENT.fold(stream))
    assert shown == PlacementOut.of(placement_of(columns, stream[-1].position, TODAY))
    assert (shown.fee.percent, shown.status) == ("12.5", "placed")
    assert [each.recalled_on for each in shown.invoices] == [TODAY, None]
    before = placement_of(columns, stream[0].position, TODAY)
    assert len(before.placed_ids) == 2
    answer = PlacementAsOf.with_account(
        before, account(paid(1_000, 11)), {"as_of": TODAY, "known_at": None, "position": 2}
    )
    assert (answer.fee_due.amount, answer.paid.amount) == ("1.25", "10.00")


@pytest.mark.parametrize("seed", range(200 if os.environ.get("DEEP") else 8))
def test_nobody_asks_for_an_invoice_while_it_is_placed(seed: int) -> None:
    random = Random(seed)
    history = History()
    for n in range(3):
        history.issue(random.randrange(20), 1_000 + n)
    for day in range(70):
        if day in (10, 40) or random.random() < 0.1:
            history.place(0 if day in (10, 40) else random.randrange(3))
        decided = history.open_day()
        if decided is not None and not isinstance(decided, reminders.ReminderSuppressed):
            assert not {item.invoice_id for item in decided.items} & history.placed.keys()
    assert any(e.type == "placement.made" for e in history.events)
