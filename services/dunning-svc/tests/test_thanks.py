"""Thank-yous: for what payments have settled, once, and only while nothing stands against it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import json

from dunning_svc.backtest.replay import Replay, Trial
from dunning_svc.domain.policy.checks import PolicyContradicts, require_consistent
from dunning_svc.domain.policy.written import document_of, written
from dunning_svc.outbox.thanks import outcome_of
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.use_cases.messages import Texts, written_thanks
from encours.contracts.events.dunning.thanks import (
    ThanksFailed,
    ThanksRequested,
    ThanksSent,
    ThanksSuppressed,
    ThanksUnconfirmed,
)
from encours.kernel.ids import derived_id
from encours.mail.smtp import Handed
from tests.histories.approvals import answer, proposals
from tests.histories.dunning import CUS, ENT, History
from tests.histories.policies import ROLE, STEPS, written_policy
from tests.histories.thanks import cause, thanked


def history_with(**thanks: Any) -> History:
    """Return a ledger whose policy thanks, with an invoice of 100.00 due in ten days."""
    history = History()
    history.activate_document("thankful", document_of(written_policy(thanks=thanks)))
    history.open_day()
    history.issue(10, 10_000)
    return history


def test_a_customer_is_thanked_once_on_the_day_after_it_has_paid_all_of_an_invoice() -> None:
    history = history_with()
    history.settle(0, 4_000)
    assert thanked(history) == []
    history.settle(0, 6_000)
    (thanks,) = thanked(history)
    assert (thanks.amount_minor, thanks.template, thanks.currency) == (10_000, "thanks", "EUR")
    assert [(each.number, each.paid_minor, each.reminders) for each in thanks.invoices] == [
        ("FAC-0001", 10_000, 0)
    ]
    assert thanked(history) == []


def test_invoices_of_a_customer_are_thanked_for_together() -> None:
    history = history_with()
    history.issue(20, 5_000)
    history.settle(0, 10_000)
    history.settle(1, 5_000)
    (thanks,) = thanked(history)
    assert (len(thanks.invoices), thanks.amount_minor) == (2, 15_000)


@pytest.mark.parametrize(
    "acts",
    [
        [("credit", 0, 10_000)],
        [("write_off", 0, 10_000)],
        [("settle", 0, 4_000), ("credit", 0, 6_000)],
        [("settle", 0, 4_000), ("write_off", 0, 6_000)],
        [("settle", 0, 10_000), ("unsettle", 0, True)],
        [("settle", 0, 10_000), ("unsettle", 0, False)],
        [("settle", 0, 10_000), ("hold", 9)],
        [("settle", 0, 10_000), ("judge", 1)],
        [("issue", 5, 900), ("place", 1), ("settle", 0, 10_000)],
        [("settle", 0, 10_000), ("retire", "thankful")],
        [],
    ],
)
def test_nobody_is_thanked_for_what_no_payment_has_settled_nor_while_something_stands_against_it(
    acts: list[tuple[Any, ...]],
) -> None:
    history = history_with()
    history.live(acts, 0)
    assert thanked(history) == []


def test_a_credit_note_before_the_payment_of_the_rest_does_not_count_against_it() -> None:
    history = history_with()
    history.credit(0, 6_000)
    history.settle(0, 4_000)
    (thanks,) = thanked(history)
    assert thanks.amount_minor == 4_000


def test_a_new_policy_thanks_for_nothing_that_was_settled_before_it() -> None:
    history = history_with()
    history.settle(0, 10_000)
    history.activate_document("thankful", document_of(written_policy(thanks={})))
    assert thanked(history) == []


def test_another_settlement_is_thanked_for_again() -> None:
    history = history_with()
    history.settle(0, 10_000)
    assert len(thanked(history)) == 1
    history.unsettle(0, True)
    assert thanked(history) == []
    history.settle(0, 10_000)
    assert len(thanked(history)) == 1


def test_a_hold_that_ends_within_the_week_postpones_it() -> None:
    history = history_with()
    history.settle(0, 10_000)
    history.hold(1)
    assert [len(thanked(history)) for _ in range(3)] == [0, 1, 0]


@pytest.mark.parametrize(
    ("terms", "count"),
    [
        ({"after_reminder": True}, 0),
        ({"minimums": {"EUR": "100.00"}}, 1),
        ({"minimums": {"EUR": "100.01"}}, 0),
        ({"minimums": {"GBP": "900.00"}}, 1),
        ({"customers": [CUS]}, 1),
        ({"customers": [derived_id("cus", 2)]}, 0),
    ],
)
def test_the_policy_says_who_is_thanked(terms: dict[str, Any], count: int) -> None:
    history = history_with(**terms)
    history.settle(0, 10_000)
    assert len(thanked(history)) == count


def test_after_a_reminder_the_invoice_counts_as_reminded_and_an_announcement_does_not() -> None:
    for days, reminders in ((9, 0), (14, 1)):
        history = history_with(after_reminder=True)
        for _ in range(days):
            history.open_day()
        history.settle(0, 10_000)
        found = thanked(history)
        assert [each.reminders for thanks in found for each in thanks.invoices] == [reminders] * (
            reminders > 0
        )


@pytest.mark.parametrize(
    ("act", "found"),
    [
        (("unsettle", 0, True), "payment_reversed"),
        (("hold", 0), "customer_on_hold"),
        (("judge", 1), "insolvency"),
        (("retire", "thankful"), "not_asked_for"),
        (("contact", "dunning", "b@example.com"), None),
        (("issue", 5, 900), None),
    ],
)
def test_it_is_checked_again_before_it_leaves(act: tuple[Any, ...], found: str | None) -> None:
    history = history_with()
    history.settle(0, 10_000)
    (thanks,) = thanked(history)
    assert cause(history, thanks) is None
    getattr(history, act[0])(*act[1:])
    assert cause(history, thanks) == found


def test_one_that_was_suppressed_is_decided_again_while_the_settlement_stands() -> None:
    history = history_with()
    history.issue(20, 5_000)
    history.settle(0, 10_000)
    history.settle(1, 5_000)
    (thanks,) = thanked(history)
    history.unsettle(1, True)
    assert cause(history, thanks) == "payment_reversed"
    suppressed = ThanksSuppressed(
        thanks_id=thanks.thanks_id, customer_id=CUS, cause="payment_reversed", because=()
    )
    history.add(suppressed, thanks.thanks_id)
    (again,) = thanked(history)
    assert [each.number for each in again.invoices] == ["FAC-0001"]


def test_the_suppression_of_an_earlier_one_leaves_the_thank_you_for_a_later_settlement_alone() -> None:
    history = history_with()
    history.settle(0, 10_000)
    (earlier,) = thanked(history)
    history.unsettle(0, True)
    history.settle(0, 10_000)
    assert len(thanked(history)) == 1
    suppressed = ThanksSuppressed(
        thanks_id=earlier.thanks_id, customer_id=CUS, cause="payment_reversed", because=()
    )
    history.add(suppressed, earlier.thanks_id)
    assert thanked(history) == []


def test_a_message_that_was_declined_is_no_reminder_before_a_thank_you() -> None:
    steps = [each | {"approval": {"role": ROLE}} if each["code"] == "J+2" else each for each in STEPS]
    history = History()
    history.activate_document("thankful", document_of(written_policy(steps=steps, thanks={})))
    history.issue(1, 10_000)
    while not proposals(history):
        history.open_day()
    answer(history, "declined")
    history.settle(0, 10_000)
    (thanks,) = thanked(history)
    assert [each.reminders for each in thanks.invoices] == [0]


def test_a_back_test_counts_the_thank_yous_that_the_service_decides() -> None:
    history = History()
    history.open_day()
    history.issue(10, 10_000)
    document = document_of(written_policy(thanks={}))
    trial = Trial(
        derived_id("pol", "tried"), 1, (json.encode(document).decode(),), history.today, date.max, "UTC"
    )
    history.issue(10, 5_000)
    history.settle(0, 10_000)
    history.credit(1, 5_000)
    for _ in range(10):
        history.open_day()
    replay = Replay(trial)
    list(replay.run(history.events))
    assert replay.thanked == 1


def test_a_policy_keeps_its_terms_in_writing_and_refuses_a_template_that_claims() -> None:
    terms = {
        "template": "thanks_cordial",
        "after_reminder": True,
        "minimums": {"EUR": "50.00"},
        "customers": [CUS],
    }
    document = document_of(written_policy(thanks=terms))
    assert written(document)["thanks"] == terms
    require_consistent(document)
    with pytest.raises(PolicyContradicts) as refused:
        require_consistent(document_of(written_policy(thanks={"template": "first"})))
    assert "thanks, thanks_cordial, thanks_firm" in str(refused.value)
    step = {"code": "J+1", "offset_days": 1, "act": "email", "template": "thanks"}
    with pytest.raises(PolicyContradicts):
        require_consistent(document_of(written_policy(steps=[step])))


@pytest.mark.parametrize(
    ("verdict", "age_days", "kind"),
    [
        ("accepted", 0, ThanksSent),
        ("refused", 0, ThanksFailed),
        ("unknown", 0, ThanksUnconfirmed),
        ("deferred", 0, None),
        ("unreachable", 4, ThanksFailed),
    ],
)
def test_each_delivery_has_one_outcome_or_another_try(verdict: Any, age_days: int, kind: Any) -> None:
    history = history_with()
    history.settle(0, 10_000)
    (thanks,) = thanked(history)
    found = outcome_of("main", thanks, Handed(verdict, "250 ok"), timedelta(days=age_days), None)
    assert kind is None if found is None else type(found) is kind


@pytest.mark.parametrize(
    ("language", "subject", "line"),
    [
        ("fr", "Règlement reçu : facture FAC-0001", "Montant reçu : 100,00\u00a0EUR."),
        ("en", "Payment received: invoice FAC-0001", "Amount received: 100.00\u00a0EUR."),
        ("de", "Zahlungseingang: Rechnung FAC-0001", "Eingegangener Betrag: 100,00\u00a0EUR."),
    ],
)
def test_the_message_names_what_was_paid_in_the_language_of_the_customer(
    language: str, subject: str, line: str
) -> None:
    history = history_with()
    history.settle(0, 10_000)
    (thanks,) = thanked(history)
    customer, creditor = history.rows.get(DebtorRow, CUS), history.rows.get(CreditorRow, ENT)
    assert customer is not None
    assert creditor is not None
    said = ThanksRequested(
        **{name: getattr(thanks, name) for name in thanks.__struct_fields__} | {"language": language}
    )
    made = written_thanks(said, customer, creditor, Texts())
    assert made.message.subject == subject
    assert line in made.message.text
    assert made.message.text.count("FAC-0001") == 1
