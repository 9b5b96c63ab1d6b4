"""The timeline knows whose every event is and says each in words."""

import msgspec
import pytest
from msgspec.structs import replace

from encours.contracts import Event, Recorded, types
from encours.contracts.base import encode
from encours.contracts.common import Conversion
from encours.contracts.events.credit_file import CreditCommentMade
from encours.contracts.events.invoice import InvoiceAmended, InvoiceDrafted, PaymentApplied, PaymentUnapplied
from encours.contracts.events.money.payment import PaymentIdentified, PaymentReceived
from encours.contracts.events.report import ReportSaved
from encours.contracts.golden import example
from encours.projection.row_cache import CacheMiss, RowCache
from encours.reading.summary import summary
from encours.testing import history
from encours.testing.events import event as build
from reporting_svc.http.timeline.answers import TimelineEntry
from reporting_svc.read_models.timeline import Timeline
from reporting_svc.read_models.timeline.model import EntityEntry, Entry, Owner

SHOWN = sorted(Timeline.applies)


def recorded(position: int, stream: str, data: Event) -> Recorded:
    return history.recorded(data, position=position, stream=stream)


def project(*events: Recorded) -> RowCache:
    model = Timeline()
    rows = RowCache(model.rows)
    rows.assume_empty()
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
    said = summary(event, "fr" if language == "fr" else "en")
    assert said != type_name
    assert "_minor" not in said


def test_amounts_are_written_as_the_language_writes_them() -> None:
    event = replace(example(PaymentReceived), currency="EUR", amount_minor=123456, method="direct_debit")
    assert summary(event, "en") == "1234.56 EUR received by direct debit"
    assert summary(event, "fr") == "1234,56 EUR reçus par prélèvement"


@pytest.mark.parametrize("cls", [PaymentApplied, PaymentUnapplied])
def test_a_payment_in_another_currency_is_said_with_both_amounts(
    cls: type[PaymentApplied | PaymentUnapplied],
) -> None:
    paid = build(Conversion, currency="EUR", amount_minor=11_400)
    said = summary(build(cls, currency="USD", amount_minor=12_000, paid=paid), "fr")
    assert "120,00 USD" in said
    assert "114,00 EUR" in said


def test_an_event_without_a_customer_belongs_to_the_customer_of_its_stream() -> None:
    drafted, amended = example(InvoiceDrafted), example(InvoiceAmended)
    assert isinstance(drafted, InvoiceDrafted)
    rows = project(recorded(1, "inv_1", drafted), recorded(2, "inv_1", amended))
    owner = rows.get(Owner, "inv_1")
    assert owner == Owner(stream="inv_1", customer_id=drafted.customer_id, since_position=1)
    assert rows.get(Entry, 2) is not None


def test_an_event_about_no_customer_belongs_to_its_entity_and_one_of_all_entities_to_none() -> None:
    saved = build(ReportSaved, name="Old debts")
    at = recorded(1, "rpt_1", saved)
    rows = project(replace(at, entity="ent_1"), replace(at, position=2, entity=""))
    assert rows.get(EntityEntry, 1) == EntityEntry(position=1, entity="ent_1", effective_on=at.effective_on)
    for kind, position in ((EntityEntry, 2), (Entry, 1)):
        with pytest.raises(CacheMiss):
            rows.get(kind, position)
    assert summary(saved, "fr").startswith("État Old debts enregistré par")


def test_a_payment_belongs_to_its_payer_from_the_day_that_it_is_identified() -> None:
    received = replace(example(PaymentReceived), customer_id=None)
    identified = replace(example(PaymentIdentified), customer_id="cus_1")
    assert project(recorded(1, "pay_1", received)).get(Owner, "pay_1") is None
    owner = project(recorded(1, "pay_1", received), recorded(5, "pay_1", identified)).get(Owner, "pay_1")
    assert owner == Owner(stream="pay_1", customer_id="cus_1", since_position=5)


@pytest.mark.parametrize(("roles", "shown"), [((), "Divorce"), (("credit_manager",), None)])
def test_a_comment_for_some_roles_is_shown_without_its_words(
    roles: tuple[str, ...], shown: str | None
) -> None:
    made = build(CreditCommentMade, text="Divorce", visible_to=roles)
    at = recorded(1, made.credit_comments_id, made)
    row = dict.fromkeys(("correlation_id", "causation_id", "traceparent", "reason")) | {
        "position": 1, "stream": at.stream, "version": 1, "type": at.type, "schema_version": 1,
        "entity": at.entity, "event_id": at.event_id, "effective_on": at.effective_on,
        "recorded_at": at.recorded_at, "actor": at.actor, "command_id": at.event_id, "data": encode(made),
    }  # fmt: skip
    entry = TimelineEntry.of(row)
    payload = entry["data"] if roles else msgspec.json.decode(entry["data"])
    assert payload.get("text") == shown
    assert tuple(payload["visible_to"]) == roles
