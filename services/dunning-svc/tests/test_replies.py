"""Decisions of persons on what was found in replies."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from dunning_svc.domain.policy.policy import USUAL_TERMS
from dunning_svc.domain.promise.commands import PromiseBasis, PromisedInvoice
from dunning_svc.domain.promise.decide import Promising
from dunning_svc.domain.reply.commands import ConfirmFinding, RejectFinding
from dunning_svc.domain.reply.decide import (
    ReplyFindingDecided,
    ReplyFindingNotFound,
    ReplyFindingWithoutInvoice,
    confirm,
    reject,
)
from dunning_svc.domain.reply.state import REPLY, Reply
from dunning_svc.outbox.settings import DunningSettings
from encours.contracts.events.dunning.promises import PromiseMade
from encours.contracts.events.dunning.reminders import DunnedItem, ReminderRequested
from encours.contracts.events.dunning.replies import ReplyFinding, ReplyRead
from encours.kernel.ids import derived_id
from encours.testing.events import event
from encours.testing.history import happened

RPL = derived_id("rpl", 1)
TODAY = date(2026, 3, 2)
FRIDAY = date(2026, 3, 6)
BASIS = PromiseBasis(
    invoices=[PromisedInvoice("inv_1", "cus_1", "ent_1", "EUR", 12_000, ())],
    terms=USUAL_TERMS,
    country="FR",
)


def finding(**changes: Any) -> ReplyFinding:
    usual: dict[str, Any] = {"kind": "promise", "status": "open", "on": FRIDAY, "invoice_ids": ("inv_1",)}
    return event(ReplyFinding, **(usual | {"amount_minor": 12_000} | changes))


def reply(*findings: ReplyFinding, **changes: Any) -> Reply:
    usual: dict[str, Any] = {"reply_id": RPL, "kind": "reply", "customer_id": "cus_1", "currency": "EUR"}
    return REPLY.fold(happened(event(ReplyRead, findings=findings, **(usual | changes))))


def asked(invoice_id: str, amount_minor: int) -> DunnedItem:
    return event(DunnedItem, invoice_id=invoice_id, asked_minor=amount_minor)


REQUESTED = event(ReminderRequested, items=(asked("inv_1", 12_000),))


def confirmed(state: Reply, number: int = 1, on: date | None = None) -> list[Any]:
    cmd = ConfirmFinding(RPL, number, on, None)
    return [each for _, each in confirm(state, cmd, TODAY, Promising(BASIS), REQUESTED)]


def after(state: Reply, *events: Any) -> Reply:
    return REPLY.fold(happened(*events), state)


def test_a_confirmed_promise_suspends_dunning_until_its_day_and_the_day_of_grace() -> None:
    state = reply(finding())
    _, promise = confirmed(state, on=date(2026, 3, 10))
    assert isinstance(promise, PromiseMade)
    assert (promise.promised_on, promise.suspended_until) == (date(2026, 3, 10), date(2026, 3, 11))
    assert (promise.amount_minor, promise.invoice_ids) == (12_000, ("inv_1",))


def test_a_payer_promises_for_each_debtor_of_its_message_what_that_one_was_asked_for() -> None:
    invoices = [
        PromisedInvoice(f"inv_{n}", f"cus_{n}", "ent_1", "EUR", open_minor, ())
        for n, open_minor in ((1, 12_000), (2, 9_000), (3, 0))
    ]
    basis = PromiseBasis(invoices, USUAL_TERMS, "FR", {"cus_1": 0, "cus_2": 700})
    items = (asked("inv_1", 8_000), asked("inv_2", 9_500), asked("inv_3", 100))
    state = reply(finding(invoice_ids=("inv_1", "inv_2", "inv_3"), amount_minor=17_600), customer_id="cus_9")
    cmd = ConfirmFinding(RPL, 1, None, None)
    _, *made = confirm(state, cmd, TODAY, Promising(basis), event(ReminderRequested, items=items))
    promises = [each for _, each in made if isinstance(each, PromiseMade)]
    assert [(each.customer_id, each.amount_minor, each.credit_minor) for each in promises] == [
        ("cus_1", 8_000, 0),
        ("cus_2", 9_000, 700),
    ]
    assert len({stream for stream, _ in made}) == len(made) == 2


def test_any_other_confirmed_finding_opens_a_task_with_its_sentence() -> None:
    said = finding(kind="dispute", subject="price", sentence="The price is wrong.", on=None)
    _, task = confirmed(reply(said))
    assert (task.kind, task.cause) == ("reply", "Dispute (price): The price is wrong.")


def test_confirming_twice_changes_nothing_and_a_decided_finding_stays_decided() -> None:
    state = reply(finding(), finding(status="booked"))
    state = after(state, confirmed(state)[0])
    assert confirmed(state) == []
    assert state.status == "done"
    with pytest.raises(ReplyFindingDecided):
        reject(state, RejectFinding(RPL, 1, None))
    with pytest.raises(ReplyFindingDecided):
        confirmed(state, 2)
    with pytest.raises(ReplyFindingNotFound):
        confirmed(state, 3)


def test_a_promise_without_invoices_or_without_a_day_cannot_be_confirmed() -> None:
    for unknown in (finding(invoice_ids=()), finding(on=None)):
        with pytest.raises(ReplyFindingWithoutInvoice):
            confirmed(reply(unknown))


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (reply(finding(status="booked")), "done"),
        (reply(finding()), "open"),
        (reply(finding(status="noted")), "open"),
        (reply(), "open"),
        (reply(kind="automatic", customer_id=None), "done"),
        (reply(kind="bounce"), "done"),
        (reply(kind="bounce", customer_id=None), "open"),
        (reply(kind="unreadable"), "open"),
    ],
)
def test_whatever_nobody_has_understood_waits_for_a_person(state: Reply, status: str) -> None:
    assert state.status == status
    closed = [each for _, each in reject(state, RejectFinding(RPL, None, None))]
    assert after(state, *closed).status == "done"


def test_an_address_of_a_mailbox_that_is_none_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENCOURS_LEDGER_URL", "postgresql://db/encours_ledger")
    monkeypatch.setenv("ENCOURS_STORE_URL", "postgresql://db/encours_dunning")
    monkeypatch.setenv("ENCOURS_REPLY_MAILBOX_URL", "imap://me:secret@mail.example.com")
    with pytest.raises(ValidationError, match="imaps://user:password@host/FOLDER") as refused:
        DunningSettings.from_environment()
    assert "secret" not in str(refused.value)
