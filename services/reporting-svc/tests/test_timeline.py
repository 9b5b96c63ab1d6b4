"""The timeline knows whose every event is and says each in words."""

import random
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from encours.contracts import Event, Recorded, decode, types
from encours.contracts.base import encode
from encours.contracts.common import Conversion
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.credit_file import CreditCommentMade
from encours.contracts.events.dunning.promises import PromiseMade
from encours.contracts.events.dunning.reminders import ReminderRequested, RunCompleted
from encours.contracts.events.invoice import InvoiceAmended, InvoiceDrafted, PaymentApplied, PaymentUnapplied
from encours.contracts.events.money.bank import (
    BankLineProposed,
    BankLineReturnProposed,
    LineProposal,
    ProposedShare,
    ReturnProposal,
)
from encours.contracts.events.money.payment import PaymentIdentified, PaymentReceived
from encours.contracts.events.parties.customer import CustomerMerged
from encours.contracts.events.rate import ExchangeRatePublished
from encours.contracts.events.report import ReportSaved
from encours.contracts.events.reservation import (
    OrderBillingCounted,
    OrderDeliveryCounted,
    ReservationDecided,
)
from encours.contracts.events.risk_terms import RiskTermsProposed
from encours.contracts.events.sales.order import OrderDelivered
from encours.contracts.golden import example
from encours.projection.row_cache import CacheMiss, RowCache
from encours.reading.summary import summary
from encours.testing import history
from encours.testing.events import DAY, allocated, allocation
from encours.testing.events import event as build
from reporting_svc.http.timeline.answers import EventInWords, TimelineEvents
from reporting_svc.read_models.timeline import Timeline
from reporting_svc.read_models.timeline.model import (
    CustomerMention,
    Entry,
    InvoiceMention,
    InvoiceStream,
    LaterOwner,
    OrderMention,
    OrderStream,
    Owner,
)
from reporting_svc.read_models.timeline.naming import INVOICE, invoices_of

SHOWN = sorted(Timeline.applies)


def recorded(position: int, stream: str, data: Event) -> Recorded:
    return history.recorded(data, position=position, stream=stream)


def project(*events: Recorded, beheaded: Sequence[str] = ()) -> RowCache:
    model = Timeline()
    rows = RowCache(model.rows)
    rows.assume_empty()
    model.on_left_out(beheaded, rows)
    for event in events:
        model.project(event, rows)
    return rows


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("type_name", SHOWN)
def test_every_event_on_a_timeline_is_said_in_words(type_name: str, language: str) -> None:
    event = example(types()[type_name])
    if hasattr(event, "currency"):
        event = replace(event, currency="EUR")
    if hasattr(event, "paid"):
        event = replace(event, paid=None)
    if isinstance(event, RiskTermsProposed) and event.basis:
        event = replace(event, basis=replace(event.basis, currency="EUR"))
    said = summary(event, "fr" if language == "fr" else "en")
    assert said != type_name
    assert "_minor" not in said


def test_amounts_are_written_as_the_language_writes_them() -> None:
    event = replace(example(PaymentReceived), currency="EUR", amount_minor=123456, method="direct_debit")
    assert summary(event, "en") == "1,234.56\u00a0EUR received by direct debit"
    assert summary(event, "fr") == "1\u202f234,56\u00a0EUR reçus par prélèvement"


@pytest.mark.parametrize("cls", [PaymentApplied, PaymentUnapplied])
def test_a_payment_in_another_currency_is_said_with_both_amounts(
    cls: type[PaymentApplied | PaymentUnapplied],
) -> None:
    paid = build(Conversion, currency="EUR", amount_minor=11_400)
    said = summary(build(cls, currency="USD", amount_minor=12_000, paid=paid), "fr")
    assert "120,00\u00a0USD" in said
    assert "114,00\u00a0EUR" in said


def test_an_event_without_a_customer_belongs_to_the_customer_of_its_stream() -> None:
    drafted, amended = example(InvoiceDrafted), example(InvoiceAmended)
    assert isinstance(drafted, InvoiceDrafted)
    rows = project(recorded(1, "inv_1", drafted), recorded(2, "inv_1", amended))
    owner = rows.get(Owner, "inv_1")
    assert owner == Owner(stream="inv_1", customer_id=drafted.customer_id, since_position=1)
    assert rows.get(Entry, 2) is not None


@pytest.mark.parametrize("entity", ["ent_1", ""])
def test_an_event_about_no_customer_belongs_to_its_entity_or_to_all(entity: str) -> None:
    saved = build(ReportSaved, name="Old debts")
    at = recorded(1, "rpt_1", saved)
    entry = project(replace(at, entity=entity)).get(Entry, 1)
    assert entry is not None
    assert (entry.entity, entry.about_customer) == (entity, False)
    assert summary(saved, "fr").startswith("État Old debts enregistré par")


def test_a_stream_is_about_the_invoices_of_its_first_event_and_a_payment_mentions_them() -> None:
    promise = build(PromiseMade, promise_id="prm_1", invoice_ids=("inv_1", "inv_2"))
    paid = allocated(allocation(100), allocation(200, invoice_id="inv_2"))
    rows = project(
        recorded(1, "prm_1", promise), recorded(2, "pay_1", paid), recorded(3, "inv_1", build(InvoiceAmended))
    )
    for invoice_id in ("inv_1", "inv_2"):
        assert rows.get(InvoiceStream, "prm_1", invoice_id) is not None
        assert rows.get(InvoiceMention, invoice_id, 2) is not None
    with pytest.raises(CacheMiss):
        rows.get(InvoiceMention, "inv_1", 3)


def test_a_proposal_for_a_bank_line_is_about_its_entity_and_mentions_the_invoices() -> None:
    shares = tuple(build(ProposedShare, invoice_id=each) for each in ("inv_1", "inv_2"))
    proposed = build(BankLineProposed, proposals=(build(LineProposal, customer_id="cus_1", shares=shares),))
    rows = project(replace(recorded(2, "bln_1", proposed), version=2))
    entry = rows.get(Entry, 2)
    assert entry is not None
    assert not entry.about_customer
    assert [rows.get(InvoiceMention, each, 2) is not None for each in ("inv_1", "inv_2")] == [True, True]
    assert rows.get(CustomerMention, "cus_1", 2) is not None
    assert summary(proposed, "en").endswith("1 set of invoices proposed")


@pytest.mark.parametrize(
    ("number", "english", "french"),
    [
        (0, "0 messages, 0 tasks, 0 held back", "0 message, 0 tâche, 0 retenue"),
        (1, "1 message, 1 task, 1 held back", "1 message, 1 tâche, 1 retenue"),
        (2, "2 messages, 2 tasks, 2 held back", "2 messages, 2 tâches, 2 retenues"),
    ],
)
def test_a_number_and_its_noun_agree(number: int, english: str, french: str) -> None:
    run = build(RunCompleted, requested=number, tasks=number, suppressed=number)
    assert summary(run, "en").endswith(english)
    assert summary(run, "fr").endswith(french)


def test_a_cause_that_nobody_stated_is_left_out_and_the_words_of_a_person_stay() -> None:
    merged = build(CustomerMerged, into_id="cus_2", cause=None)
    assert [summary(merged, "en"), summary(merged, "fr")] == [
        "Record merged into cus_2",
        "Fiche fusionnée avec cus_2",
    ]
    assert summary(replace(merged, cause="copy(s) of {name}: —"), "en").endswith(": copy(s) of {name}: —")


def test_a_rate_has_the_decimal_mark_of_the_language() -> None:
    rate = build(ExchangeRatePublished, base="USD", quote="EUR", rate="0.90")
    assert (summary(rate, "en")[-18:], summary(rate, "fr")[-18:]) == (
        ": 1 USD = 0.90 EUR",
        ": 1 USD = 0,90 EUR",
    )


def test_a_return_is_proposed_to_each_payer_that_is_known() -> None:
    payments = tuple(build(ReturnProposal, customer_id=each) for each in ("cus_1", None, "cus_2", "cus_1"))
    proposed = build(BankLineReturnProposed, proposals=payments)
    rows = project(replace(recorded(2, "bln_1", proposed), version=2))
    assert [rows.get(CustomerMention, each, 2) is not None for each in ("cus_1", "cus_2")] == [True, True]


def test_a_counted_delivery_is_about_its_order_and_knows_the_delivery() -> None:
    named = {"order_id": "ord_1", "delivery_id": "dlv_1"}
    counted = build(
        OrderDeliveryCounted, order_credit_id="oco_1", amount_minor=12_000, currency="EUR", **named
    )
    rows = project(
        recorded(1, "ord_1", build(OrderDelivered, **named)),
        replace(recorded(2, "rsv_1", build(ReservationDecided, order_ref="ord_1")), version=1),
        replace(recorded(3, "rsv_2", build(ReservationDecided, order_ref="PO 17")), version=1),
        recorded(4, "oco_1", counted),
    )
    entry = rows.get(Entry, 4)
    assert entry is not None
    assert (entry.about_customer, entry.because_position) == (True, 1)
    assert rows.get(OrderMention, "ord_1", 4) is not None
    assert rows.get(OrderStream, "rsv_1") == OrderStream(stream="rsv_1", order_id="ord_1")
    with pytest.raises(CacheMiss):
        rows.get(OrderStream, "rsv_2")
    assert (
        summary(counted, "fr") == "120,00\u00a0EUR livrés comptés à la place de la réservation de la commande"
    )


def test_a_counted_bill_is_about_its_invoice() -> None:
    counted = build(OrderBillingCounted, invoice_id="inv_1", amount_minor=12_000, currency="EUR")
    assert project(recorded(1, "obl_1", counted)).get(InvoiceStream, "obl_1", "inv_1") is not None
    assert summary(counted, "fr") == "120,00\u00a0EUR de la facture comptés comme facturation d'une commande"


def test_every_field_with_ids_of_invoices_is_read() -> None:
    """By their names: all texts of an example are such ids, and those with *invoice* in their names are found."""
    named: set[str] = set()
    for cls in types().values():
        ids = re.sub(rb'"([a-z_0-9]+) \xc3\xa9"', rb'"inv_\1"', encode(example(cls)))
        found = {each.removeprefix(INVOICE) for each in invoices_of(decode(cls.TYPE, cls.VERSION, ids))}
        named |= {
            name for name in re.findall(r'"inv_([a-z_0-9]+)"', ids.decode()) if "invoice" in name
        } - found
    assert named == {"invoice_number", "invoice_series"}


def test_an_event_of_a_reaction_knows_the_position_of_its_cause_if_the_ledger_has_it() -> None:
    opened, reminded = build(DayOpened), build(ReminderRequested)
    day = recorded(1, "calendar", opened)
    rows = project(
        day,
        replace(recorded(2, "rem_1", reminded), causation_id=day.event_id),
        replace(recorded(3, "rem_2", reminded), causation_id=UUID(int=99)),
        recorded(4, "rem_3", reminded),
    )
    causes = [entry.because_position for n in (2, 3, 4) if (entry := rows.get(Entry, n)) is not None]
    assert causes == [1, None, None]


def test_a_cause_is_told_or_it_is_said_why_not() -> None:
    opened = build(DayOpened)
    day = replace(recorded(1, "calendar", opened), entity="")
    elsewhere = replace(recorded(2, "calendar", opened), entity="ent_2")
    event = replace(recorded(3, "rem_1", build(ReminderRequested)), causation_id=day.event_id)
    events = {each.position: stored(each) for each in (day, elsewhere, event)}
    events[4] = events[3] | {"position": 4, "causation_id": None}

    def because(position: int, cause: int | None, granted: tuple[str, ...] | None = ("ent_1",)) -> object:
        shown = TimelineEvents(events, "fr", granted).entry({"position": position, "because_position": cause})
        return shown["because_of"]

    assert because(4, None) is None
    assert because(3, 1) == {
        "position": 1, "type": "calendar.day_opened", "summary": f"Journée du {DAY:%d/%m/%Y} ouverte"
    }  # fmt: skip
    for missing in (because(3, None), because(3, 2)):
        assert isinstance(missing, dict)
        assert (missing["position"], missing["type"]) == (None, None)
    assert because(3, None) != because(3, 2) != because(3, 2, None)


def owners(rows: RowCache) -> dict[str, tuple[str, int]]:
    """Customer of each stream, and the position that it is known from."""
    found = [
        row for _, changed, _ in rows.changes() for row in changed if isinstance(row, Owner | LaterOwner)
    ]
    named = {row.stream: (row.customer_id, row.since_position) for row in found if row.customer_id}
    assert len(named) == sum(bool(row.customer_id) for row in found)
    return named


def test_a_payment_belongs_to_its_payer_from_the_day_that_it_is_identified() -> None:
    received = replace(example(PaymentReceived), customer_id=None)
    identified = replace(example(PaymentIdentified), customer_id="cus_1")
    happened = history.History(entity="ent_1")
    happened.add(received, stream="pay_1")
    assert owners(project(*happened.events)) == {}
    happened.add(identified, stream="pay_1")
    assert owners(project(*happened.events)) == {"pay_1": ("cus_1", 2)}


@cache
def sample(kind: type[Event]) -> tuple[Event, bool]:
    """An event of a type, and true if each of the type names a customer."""
    return example(kind), get_type_hints(kind).get("customer_id") is str


def first_named(events: Iterable[Recorded]) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for event in events:
        if (customer_id := getattr(event.data, "customer_id", None)) is not None:
            found.setdefault(event.stream, (customer_id, event.position))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_stream_belongs_to_the_customer_of_its_first_event_that_names_one(seed: int) -> None:
    chance, happened = random.Random(seed), history.History(entity="ent_1")
    families: dict[str, list[type[Event]]] = {}
    for name, event_type in types().items():
        families.setdefault(name.partition(".")[0], []).append(event_type)
    streams = [(f"{family}_{n}", each) for family, each in families.items() for n in range(2)]
    for _ in range(1_000):
        stream, kinds = chance.choice(streams)
        event, always = sample(chance.choice(kinds))
        if "customer_id" in event.__struct_fields__:
            customer_id = chance.choice(("cus_1", "cus_2")) if always or chance.random() < 0.3 else None
            event = replace(event, customer_id=customer_id)
        happened.add(event, stream=stream)
    applied = [event for event in happened.events if event.type in Timeline.applies]
    assert owners(project(*applied)) == first_named(applied)
    heads = {
        event.stream for event in happened.events if event.version == 1 and event.type in Timeline.applies
    }
    beheaded = chance.sample(sorted(heads), 30)
    left = [each for each in applied if each.version > 1 or each.stream not in beheaded]
    assert owners(project(*left, beheaded=beheaded)) == first_named(left)
    for each in applied:  # in the live path, where a row that is not named costs a query
        rows = RowCache(Timeline.rows)
        for row_type, key in Timeline().keys(each):
            rows.add_loaded(row_type, [key], [])
        Timeline().project(each, rows)


@pytest.mark.parametrize(("roles", "shown"), [((), "Divorce"), (("credit_manager",), None)])
def test_a_comment_for_some_roles_is_shown_without_its_words(
    roles: tuple[str, ...], shown: str | None
) -> None:
    made = build(CreditCommentMade, text="Divorce", visible_to=roles)
    entry = EventInWords.of(stored(recorded(1, made.credit_comments_id, made)))
    payload = entry["data"] if roles else msgspec.json.decode(entry["data"])
    assert payload.get("text") == shown
    assert tuple(payload["visible_to"]) == roles


def stored(e: Recorded) -> dict[str, Any]:
    """The event as a row of the ledger."""
    return {name: getattr(e, name) for name in e.__struct_fields__} | {"data": encode(e.data)}


def test_the_page_for_auditors_names_the_events_that_no_timeline_shows() -> None:
    page = (Path(__file__).parents[3] / "docs" / "auditors.md").read_text(encoding="utf-8")
    assert [name for name in sorted(Timeline.ignores) if f"`{name}`" not in page] == []
