"""Names that a template may use, and their values for one snapshot. The documentation lists these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dunning_svc.domain.formats import day, day_in_words, days_late
from dunning_svc.domain.message import cleaning
from dunning_svc.domain.message.blocks import numbers_of
from dunning_svc.domain.message.late_terms import late_paragraphs
from dunning_svc.domain.message.snapshot import MessageSnapshot
from encours.contracts.events.dunning.reminders import DunnedItem
from encours.kernel.money import money_text

BLOCKS: Mapping[str, str] = {
    "settled": "in thank-yous, table of the invoices with due date, day of payment and amount received; else empty",
    "items": "table of the invoices that are claimed, with due date, delay, open amount, and what is not claimed of it",
    "announced": "invoices that come due soon, in messages about others; else empty",
    "credit": "unapplied payments that are deducted; else empty",
    "total": "amount to pay",
    "bank": "account to pay into, with BIC and holder, and the reference to quote; empty without an account",
    "penalties": "penalties by the terms of the invoices and the law of the creditor's country; else empty",
    "fee": "recovery fee by the same; else empty",
    "apart": "sentence that penalties and fee are not part of the total; else empty",
}
"""Parts that stand by themselves: each on a line of its own between empty lines becomes a table or a paragraph."""

TEXTS: Mapping[str, str] = {
    "customer": "name of the customer",
    "creditor": "name of the creditor",
    "contact": "name, postal address and e-mail address of the creditor, on lines of their own",
    "day": "date of the message",
    "numbers": "numbers of the invoices that are claimed, or paid: the first three, and the count of the others",
    "due": "oldest due date of the claimed invoices in words, with the year if it is another than that of the message",
    "total_amount": "amount to pay; in thank-yous, the amount received",
    "credit_amount": "unapplied payments that are deducted; empty without any",
    "notice": "law of a formal notice as a part of a sentence, with its commas; empty where none is on file",
}

NUMBERS: Mapping[str, str] = {
    "count": "number of invoices that are claimed, or paid",
    "announced_count": "number of invoices that come due soon",
    "days_late": "days since the oldest due date; below 0 before it",
}

LISTS: Mapping[str, str] = {
    "invoices": "claimed invoices, for a loop",
    "coming": "invoices that come due soon, for a loop",
}

FIELDS: Mapping[str, str] = {
    "number": "number of the invoice",
    "due": "due date in words",
    "due_date": "due date as in the table",
    "late": "delay in words",
    "open": "open amount",
    "asked": "part of it that is claimed",
    "disputed": "part that is disputed; empty without any",
    "planned": "part on a payment plan; empty without any",
    "in_hand": "part covered by cheques, bills or notes in hand; empty without any",
    "later": "instalments that are not due yet; empty without any",
}
"""Fields of an invoice in a loop."""

KNOWN: Mapping[str, str] = {**BLOCKS, **TEXTS, **NUMBERS, **LISTS}


def values_of(content: MessageSnapshot) -> dict[str, Any]:
    """Return the value of every name but those of blocks: texts, whole numbers, and tuples of mappings of texts."""
    lang, currency, asked = content.language, content.currency, content.asked
    oldest = min((item.due_on for item in asked or content.items), default=content.day)
    contact = (
        cleaning.name(content.creditor),
        cleaning.lines(content.creditor_address),
        cleaning.name(content.creditor_email),
    )
    return {
        "customer": cleaning.name(content.customer),
        "creditor": cleaning.name(content.creditor),
        "contact": "\n".join(part for part in contact if part),
        "day": day(content.day, lang),
        "numbers": numbers_of(content.subjects, lang),
        "due": day_in_words(oldest, lang, content.day.year),
        "total_amount": money_text(content.amount_minor, currency, lang),
        "credit_amount": money_text(content.credit_minor, currency, lang) if content.credit_minor else "",
        "notice": late_paragraphs(asked, content.creditor_country, currency, lang).notice,
        "count": len(content.subjects),
        "announced_count": len(content.announced),
        "days_late": (content.day - oldest).days,
        "invoices": tuple(_fields(item, content) for item in asked),
        "coming": tuple(_fields(item, content) for item in content.announced),
    }


def _fields(item: DunnedItem, content: MessageSnapshot) -> dict[str, str]:
    def shown(minor: int, *, always: bool = False) -> str:
        return money_text(minor, content.currency, content.language) if minor or always else ""

    return {
        "number": cleaning.name(item.number),
        "due": day_in_words(item.due_on, content.language, content.day.year),
        "due_date": day(item.due_on, content.language),
        "late": days_late(item.days_past_due, content.language),
        "open": shown(item.open_minor, always=True),
        "asked": shown(item.asked_minor, always=True),
        "disputed": shown(item.disputed_minor),
        "planned": shown(item.planned_minor),
        "in_hand": shown(item.in_hand_minor),
        "later": shown(item.later_minor),
    }
