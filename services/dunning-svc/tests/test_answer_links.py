"""Links in reminders: who may answer, what an answer does, and what it cannot do."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from pydantic import ValidationError

from dunning_svc.domain.answer.commands import AnswerByLink, GivenAnswer
from dunning_svc.domain.answer.decide import AnswerDayRefused, AnswerLinkClosed, answered
from dunning_svc.domain.answer.link import AnswerLink, opened, signed
from dunning_svc.domain.policy.policy import USUAL_TERMS
from dunning_svc.domain.promise.commands import PromiseBasis, PromisedInvoice
from dunning_svc.domain.promise.decide import Promising
from dunning_svc.domain.reminder.state import REMINDER, Reminder
from dunning_svc.domain.reply.commands import ReadingRules
from dunning_svc.domain.reply.state import ReplyMessageNotStored
from dunning_svc.http.answers.bodies import AnswerBody
from dunning_svc.http.answers.linking import AnswerLinkUnknown
from dunning_svc.http.replies.routes import why_not_stored
from dunning_svc.outbox.answer_links import LINKS_MAX, AnswerLinks
from dunning_svc.outbox.settings import DunningSettings
from dunning_svc.use_cases.messages import written
from dunning_svc.use_cases.replies import OutcomeAwaited, answer_by_link
from encours.contracts import Event
from encours.contracts.events.dunning.promises import PromiseMade
from encours.contracts.events.dunning.reminders import DunnedItem, ReminderSent, TaskRaised
from encours.contracts.events.dunning.replies import ReminderAnswered, ReplyRead
from encours.contracts.events.money.payment import PaymentReceived
from encours.ledger.session import Session
from encours.testing.events import event
from encours.testing.history import happened
from encours.testing.memory import BooksInMemory
from tests.histories.letters import CREDITOR, CUSTOMER, reminder

TODAY = date(2026, 5, 4)
KEY, BEFORE = b"k" * 32, b"b" * 32
LINK = AnswerLink("main", "rem_1", "inv_1", date(2026, 7, 1))
RULES = ReadingRules()


def item(invoice_id: str = "inv_1", asked_minor: int = 12_000) -> DunnedItem:
    return event(
        DunnedItem, invoice_id=invoice_id, number=f"FAC-{invoice_id}", open_minor=12_000,
        asked_minor=asked_minor, days_past_due=30, step="J+30",
    )  # fmt: skip


def sent(*items: DunnedItem) -> Reminder:
    asked = reminder(channel="email", reminder_id="rem_1", items=items or (item(),), language="en")
    left = event(ReminderSent, reminder_id="rem_1", customer_id=asked.customer_id, message=None)
    return REMINDER.fold(happened(asked, left))


def promising(owed_minor: int = 12_000) -> Promising:
    invoice = PromisedInvoice("inv_1", "cus_1", "ent_1", "EUR", owed_minor, ())
    return Promising(PromiseBasis(invoices=[invoice], terms=USUAL_TERMS, country="FR"))


def events_of(answer: GivenAnswer, state: Reminder | None = None, rules: ReadingRules = RULES) -> list[Any]:
    cmd = AnswerByLink(LINK, answer, rules)
    return [each for _, each in answered(cmd, state or sent(), promising(), TODAY)]


def kinds(found: Sequence[Any]) -> list[type]:
    return [type(each) for each in found]


def promise(days: int) -> GivenAnswer:
    return GivenAnswer("promise", "Will be paid.", TODAY + timedelta(days=days))


def test_a_token_opens_what_it_was_made_for_with_either_key_and_with_no_other() -> None:
    token = signed(LINK, KEY)
    assert opened(token, (KEY,)) == LINK
    assert opened(token, (BEFORE, KEY)) == LINK
    assert opened(token, (BEFORE,)) is None
    assert opened(token, ()) is None
    assert "=" not in token


@drawn(st.integers(0, 10_000), st.integers(1, 255))
def test_a_token_of_which_a_byte_was_changed_opens_nothing(place: int, change: int) -> None:
    token = signed(LINK, KEY)
    at = place % len(token)
    other = chr((ord(token[at]) + change) % 256)
    changed = token[:at] + other + token[at + 1 :]
    assert changed == token or opened(changed, (KEY,)) is None


def test_an_unknown_link_is_refused_in_words_that_a_debtor_reads() -> None:
    refused = AnswerLinkUnknown("There is no such link.")
    assert (refused.status, refused.detail) == (404, "There is no such link.")


@drawn(st.text(max_size=700))
def test_any_other_text_opens_nothing(text: str) -> None:
    assert opened(text, (KEY,)) is None


def test_the_mac_of_one_invoice_does_not_admit_to_another() -> None:
    other = dataclasses.replace(LINK, invoice_id="inv_2")
    assert signed(other, KEY) != signed(LINK, KEY)
    assert opened(signed(other, KEY), (KEY,)) == other


def test_a_promise_is_booked_as_that_of_a_mail_and_suspends_the_invoice() -> None:
    read, sign, made = events_of(promise(10))
    assert isinstance(read, ReplyRead)
    assert (read.source, read.matched_by, read.findings[0].status) == ("link", "link", "booked")
    assert isinstance(sign, ReminderAnswered)
    assert isinstance(made, PromiseMade)
    assert (made.invoice_ids, made.amount_minor, made.source) == (("inv_1",), 12_000, "reply")


@pytest.mark.parametrize(
    ("answer", "rules"),
    [
        (promise(90), RULES),
        (promise(10), ReadingRules(book_from=95)),
        (GivenAnswer("paid", "Was paid.", TODAY), ReadingRules(book_from=95)),
    ],
)
def test_below_the_threshold_a_person_decides(answer: GivenAnswer, rules: ReadingRules) -> None:
    found = events_of(answer, rules=rules)
    assert kinds(found) == [ReplyRead, ReminderAnswered]
    assert found[0].findings[0].status == "open"


@pytest.mark.parametrize(
    "answer",
    [
        GivenAnswer("paid", "Was paid.", TODAY),
        GivenAnswer("dispute", "Two boxes are missing", subject="quantity"),
        GivenAnswer("contact", "Write to compta@client.example"),
    ],
)
def test_any_other_answer_is_a_task_and_never_a_payment(answer: GivenAnswer) -> None:
    found = events_of(answer)
    assert kinds(found) == [ReplyRead, ReminderAnswered, TaskRaised]
    assert answer.text in found[-1].cause
    assert not any(isinstance(each, PaymentReceived) for each in found)


def test_an_answer_through_a_link_has_no_message_and_the_refusal_says_so() -> None:
    (read, *_) = events_of(promise(10))
    refused = ReplyMessageNotStored(why_not_stored(read))
    assert refused.status == 404
    assert refused.detail == "The debtor answered through a link: there is no message."


def test_a_second_answer_is_no_second_sign_and_the_same_answer_is_the_same_stream() -> None:
    known = dataclasses.replace(sent(), answered=True)
    assert kinds(events_of(promise(10), known)) == [ReplyRead, PromiseMade]
    first, again = AnswerByLink(LINK, promise(10), RULES), AnswerByLink(LINK, promise(10), RULES)
    assert first.reply_id == again.reply_id
    assert AnswerByLink(LINK, promise(11), RULES).reply_id != first.reply_id
    other = dataclasses.replace(LINK, invoice_id="inv_2")
    assert AnswerByLink(other, promise(10), RULES).reply_id != first.reply_id


@pytest.mark.parametrize(
    ("state", "basis"),
    [
        (sent(), promising(0)),
        (sent(), None),
        (sent(item("inv_2")), promising()),
        (sent(item(asked_minor=0)), promising()),
        (Reminder(), promising()),
    ],
)
def test_a_settled_invoice_or_one_that_the_message_does_not_claim_closes_the_link(
    state: Reminder, basis: Promising | None
) -> None:
    with pytest.raises(AnswerLinkClosed):
        answered(AnswerByLink(LINK, promise(10), RULES), state, basis, TODAY)


@pytest.mark.parametrize(
    ("kind", "days", "admitted"),
    [
        ("paid", 1, True),
        ("paid", 2, False),
        ("paid", -400, True),
        ("promise", -1, True),
        ("promise", -2, False),
    ],
)
def test_a_payment_was_made_on_a_day_that_has_come_and_is_promised_for_one_to_come(
    kind: Any, days: int, admitted: bool
) -> None:
    answer = GivenAnswer(kind, "Said so.", TODAY + timedelta(days=days))
    if admitted:
        assert events_of(answer)
        return
    with pytest.raises(AnswerDayRefused) as refused:
        events_of(answer)
    assert (refused.value.status, refused.value.code) == (422, "answer-day-refused")


class Owed:
    """Debts of one invoice."""

    async def promise_basis(self, *_: Any) -> PromiseBasis:
        return promising().basis


async def _emit(session: Session, stream: str, event_: Event) -> None:
    await session.load(REMINDER, stream)
    session.emit(stream, event_, entity="ent_1")


def test_a_link_that_is_used_before_the_outcome_of_its_mail_is_recorded_does_not_call_it_settled() -> None:
    asked = reminder(channel="email", reminder_id="rem_1", items=(item(),), language="en")
    books, cmd = BooksInMemory(), AnswerByLink(LINK, promise(10), RULES)
    books.do(_emit, "rem_1", asked)
    with pytest.raises(OutcomeAwaited):
        books.do(answer_by_link, cmd, Owed(), today=TODAY)
    books.do(_emit, "rem_1", event(ReminderSent, reminder_id="rem_1", customer_id="cus_1", message=None))
    books.do(answer_by_link, cmd, Owed(), today=TODAY)
    assert books.kinds(2) == ["reply.read", "reminder.answered", "promise.made"]


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_the_mail_has_a_link_for_each_claimed_invoice_and_the_proven_message_has_none(language: str) -> None:
    items = (item("inv_1"), item("inv_2"), item("inv_3", asked_minor=0))
    asked = reminder(channel="email", template="first", items=items, language=language)
    proven = written(asked, CUSTOMER, CREDITOR).message
    made = AnswerLinks("https://pay.firm.example/a", KEY, 60).added(proven, "main", asked)
    assert "https" not in proven.text
    tokens = [line.rpartition("/")[2] for line in made.text.splitlines() if "https://pay.firm" in line]
    links = [opened(token, (KEY,)) for token in tokens]
    assert [link and link.invoice_id for link in links] == ["inv_1", "inv_2"]
    assert links[0] is not None
    assert links[0].last_day == asked.day + timedelta(days=60)
    assert made.html.count("<a href=") == 2
    assert made.html.endswith("</body></html>\n")
    assert made.subject == proven.subject


def test_the_number_of_links_is_bounded_and_a_message_that_claims_nothing_has_none() -> None:
    links = AnswerLinks("https://pay.firm.example", KEY, 60)
    many = reminder(channel="email", items=tuple(item(f"inv_{n}") for n in range(LINKS_MAX + 5)))
    message = written(many, CUSTOMER, CREDITOR).message
    assert links.added(message, "main", many).html.count("<a href=") == LINKS_MAX
    none = reminder(channel="email", items=(item(asked_minor=0),))
    assert links.added(message, "main", none) is message


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "promise"},
        {"kind": "contact", "text": "x", "on": "2026-05-04"},
        {"kind": "dispute", "text": "broken"},
        {"kind": "dispute", "subject": "price"},
        {"kind": "paid", "on": "2026-05-04", "subject": "price"},
        {"kind": "contact"},
    ],
)
def test_an_incomplete_answer_is_refused(body: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        AnswerBody.model_validate(body)


@pytest.mark.parametrize(
    "given",
    [
        {"answer_url": "https://pay.firm.example"},
        {"answer_url": "http://pay.firm.example", "answer_key": "k" * 32},
        {"answer_url": "https://pay.firm.example", "answer_key": "short"},
        {"answer_key": "k" * 32, "answer_key_before": "k" * 32},
    ],
)
def test_settings_that_would_make_unsafe_links_do_not_start(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        DunningSettings(**(ADDRESSES | given))  # type: ignore[arg-type]


def test_without_an_address_there_are_no_links_and_both_keys_open() -> None:
    settings = DunningSettings(**(ADDRESSES | {"answer_key": "k" * 32, "answer_key_before": "b" * 32}))  # type: ignore[arg-type]
    assert settings.answer_links is None
    assert settings.answer_keys == (KEY, BEFORE)


ADDRESSES = {"ledger_url": "postgres://x", "store_url": "postgres://x", "nats_url": "nats://x"}
