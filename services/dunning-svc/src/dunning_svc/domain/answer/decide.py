"""Effects of an answer through a link: those that a reply by mail with the same statement has.

It books no payment. A promise beyond the bounds of replies, or of the policy, waits for a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta

from dunning_svc.domain.answer.commands import AnswerByLink, AnswerKind, GivenAnswer
from dunning_svc.domain.promise.decide import Promising, limit
from dunning_svc.domain.reminder.state import Reminder
from dunning_svc.domain.reply.decide import MAX_SENTENCE, RULES_VERSION, Emitted, booked
from encours.contracts.events.dunning.reminders import DunnedItem
from encours.contracts.events.dunning.replies import (
    FindingStatus,
    ReminderAnswered,
    ReplyFinding,
    ReplyRead,
)
from encours.kernel.errors import Refusal

CONFIDENCE: Mapping[AnswerKind, int] = {"promise": 92, "paid": 90, "dispute": 90, "contact": 85}
"""In percent: that of a sentence in a mail that says the same in clear words."""
_LATE_PROMISE = 62
"""Confidence of a promise for a later day than replies may book, as in a mail."""

_ELSEWHERE = timedelta(days=1)
"""Most by which the date of the debtor differs from the ledger's."""


class AnswerLinkClosed(Refusal):
    """The invoice of the link is settled (410)."""

    code = "answer-link-closed"
    title = "Nothing is left to answer"
    status = 410
    remedy = "Nothing is to be done: the invoice is settled. To write to the creditor, reply to its message."


class AnswerDayRefused(Refusal):
    """The day of the payment is not one that the answer can be about (422)."""

    code = "answer-day-refused"
    title = "Day does not fit the answer"
    status = 422
    remedy = "For a payment that was made, give a day that has come; for one to come, a day from today on."


def asked_item(reminder: Reminder, invoice_id: str) -> DunnedItem | None:
    """Return the invoice of a link in its reminder, if the message has left and claims it."""
    if reminder.requested is None or not reminder.left:
        return None
    items = (item for item in reminder.requested.items if item.asked_minor)
    return next((item for item in items if item.invoice_id == invoice_id), None)


def answered(
    cmd: AnswerByLink, reminder: Reminder, promising: Promising | None, today: date
) -> list[Emitted]:
    """Return the events of an answer.

    Raises :class:`AnswerLinkClosed` once the invoice is settled, and :class:`AnswerDayRefused`.
    """
    _require_day(cmd.answer, today)
    item = asked_item(reminder, cmd.link.invoice_id)
    if item is None or promising is None or not promising.basis.owed_minor:
        raise AnswerLinkClosed("The invoice is settled.")
    requested, content = reminder.requested, cmd.answer.content
    assert requested is not None
    digest = hashlib.sha256(content).hexdigest()
    event = ReplyRead(
        reply_id=cmd.reply_id,
        message_id=None,
        source="link",
        kind="reply",
        sender=None,
        subject=None,
        written_on=today,
        content_sha256=digest,
        size_bytes=len(content),
        customer_id=requested.customer_id,
        reminder_id=requested.reminder_id,
        matched_by="link",
        currency=requested.currency,
        findings=(_finding(cmd, item, promising, today),),
        rules_version=RULES_VERSION,
    )
    emitted: list[Emitted] = [(cmd.reply_id, event)]
    if not reminder.answered:
        sign = ReminderAnswered(
            reminder_id=requested.reminder_id,
            customer_id=requested.customer_id,
            content_sha256=digest,
            reply_id=cmd.reply_id,
        )
        emitted.append((requested.reminder_id, sign))
    return [*emitted, *booked(event, requested, today, promising)]


def _require_day(answer: GivenAnswer, today: date) -> None:
    """Refuse a payment made on a day to come, or promised for one that has passed, wherever the debtor is."""
    if answer.kind == "paid" and answer.on is not None and answer.on > today + _ELSEWHERE:
        raise AnswerDayRefused(f"{answer.on} has not come; today is {today}.", "/on")
    if answer.kind == "promise" and answer.on is not None and answer.on < today - _ELSEWHERE:
        raise AnswerDayRefused(f"{answer.on} has passed; today is {today}.", "/on")


def _finding(cmd: AnswerByLink, item: DunnedItem, promising: Promising, today: date) -> ReplyFinding:
    answer, rules = cmd.answer, cmd.rules
    confidence, possible = CONFIDENCE[answer.kind], True
    if answer.kind == "promise":
        assert answer.on is not None
        possible = limit(promising.basis, answer.on, today) is None
        if (answer.on - today).days > rules.promise_days_max:
            confidence = _LATE_PROMISE
    status: FindingStatus = "open" if confidence >= rules.ask_from else "noted"
    if confidence >= rules.book_from and possible:
        status = "booked"
    sentence = answer.text[:MAX_SENTENCE]
    return ReplyFinding(
        kind=answer.kind,
        sentence=sentence,
        start=0,
        end=len(sentence),
        confidence=confidence,
        on=answer.on,
        subject=answer.subject,
        invoice_ids=(item.invoice_id,),
        amount_minor=item.asked_minor,
        status=status,
    )
