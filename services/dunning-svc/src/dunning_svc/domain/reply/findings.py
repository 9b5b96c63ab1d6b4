"""Statements of a reply: payments promised or made, disputes, requests, each with its sentence and a confidence.

Rules, not a model: a finding names the words that it rests on, and the same reply always yields the same. A sentence is
about a payment if it says so; its day tells a promise from a payment made. Doubt lowers the confidence: a condition, a
question, a day that may be read in two ways, an invoice that the reminder does not list. What is negated is no finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from dunning_svc.domain.reply.days import NamedDay, named_days
from dunning_svc.domain.reply.patterns import (
    AGREES,
    AHEAD,
    CONDITIONAL,
    CONTACT,
    COPY,
    DISPUTES,
    DONE,
    NEGATED,
    OTHER_MATTER,
    PAST,
    PAYMENT,
    DisputeSubject,
)
from dunning_svc.domain.reply.words import Sentence, own_words
from encours.contracts.events.dunning.replies import FindingKind

MAX_FINDINGS = 20
_MAX_READ = 1_000
"""Characters of a sentence that are read."""
_NUMBER = re.compile(r"[^0-9a-z]+")


class ListedInvoice(NamedTuple):
    """An invoice that the reply may be about, with the amount that the reminder asked for."""

    invoice_id: str
    number: str
    asked_minor: int


@dataclass(frozen=True, slots=True)
class ReplyContext:
    """Reminder that the reply answers. Without a reminder no invoice is known."""

    written_on: date
    invoices: Sequence[ListedInvoice] = ()
    promise_days_max: int = 60
    """Promises for later days are left to a person."""


@dataclass(frozen=True, slots=True)
class FoundStatement:
    """A finding: kind, sentence with its place, confidence in percent, day, subject of a dispute, invoices."""

    kind: FindingKind
    sentence: Sentence
    confidence: int
    on: date | None = None
    subject: DisputeSubject | None = None
    invoice_ids: tuple[str, ...] = ()


def read_reply(text: str, context: ReplyContext) -> list[FoundStatement]:
    """Return what the sender states, in the order of the text; at most :data:`MAX_FINDINGS`."""
    sentences = [each._replace(text=each.text[:_MAX_READ]) for each in own_words(text)]
    found = [each for sentence in sentences for each in _stated(sentence, context)]
    found = _merged(found)
    named = {each.invoice_id for each in context.invoices if any(_names(s.text, each) for s in sentences)}
    every = tuple(each.invoice_id for each in context.invoices if not named or each.invoice_id in named)
    return [each if each.invoice_ids else replace(each, invoice_ids=every) for each in found][:MAX_FINDINGS]


def _stated(sentence: Sentence, context: ReplyContext) -> Iterator[FoundStatement]:
    words = sentence.text
    own = tuple(each.invoice_id for each in context.invoices if _names(words, each))
    found = list(_disputes(sentence))
    if not found:
        found = list(_payments(sentence, context))
    if not found and CONTACT.search(words):
        found.append(FoundStatement("contact", sentence, 85))
    if not found and COPY.search(words):
        found.append(FoundStatement("copy", sentence, 85))
    for each in found:
        yield replace(each, invoice_ids=own)


def _disputes(sentence: Sentence) -> Iterator[FoundStatement]:
    words = sentence.text
    for subject, pattern in DISPUTES.items():
        if pattern.search(words):
            doubt = 25 if _asks(words) else 0
            doubt += 20 if re.search(r"\b(?:si|if|wenn|falls)\b", words, re.IGNORECASE) else 0
            yield FoundStatement("dispute", sentence, 90 - doubt, subject=subject)
            return


def _payments(sentence: Sentence, context: ReplyContext) -> Iterator[FoundStatement]:
    words = sentence.text
    days = named_days(words, context.written_on)
    pays = PAYMENT.search(words)
    if pays is None:
        done = DONE.search(words) and AHEAD.search(words) and not NEGATED.search(words)
        if done and days and days[0].on >= context.written_on:
            yield FoundStatement("promise", sentence, 70 - _doubt(words, context), days[0].on)
        return
    past = PAST.search(words)
    if not days:
        if past and not NEGATED.search(words):
            yield FoundStatement("paid", sentence, 85 - _doubt(words, context))
        elif AHEAD.search(words) and not NEGATED.search(words):
            yield FoundStatement("promise", sentence, 50 - _doubt(words, context))
        return
    if NEGATED.search(words):
        return
    day = days[0] if len(days) == 1 else _nearest(days, pays.start())
    doubt = _doubt(words, context) + (0 if day.clear else 20) + (15 if len(days) > 1 else 0)
    if day.on < context.written_on or (day.on == context.written_on and past):
        doubt += 0 if past else 5
        doubt += 40 if (context.written_on - day.on).days > 366 else 0
        yield FoundStatement("paid", sentence, max(5, 90 - doubt), day.on)
        return
    doubt += 0 if AHEAD.search(words) else 25
    doubt += 40 if past and not AGREES.search(words) else 0
    doubt += 30 if (day.on - context.written_on).days > context.promise_days_max else 0
    yield FoundStatement("promise", sentence, max(5, 92 - doubt), day.on)


def _nearest(days: Sequence[NamedDay], place: int) -> NamedDay:
    after = [each for each in days if each.start >= place]
    return after[0] if after else days[-1]


def _doubt(words: str, context: ReplyContext) -> int:
    doubt = 40 if CONDITIONAL.search(words) else 0
    doubt += 40 if _asks(words) else 0
    doubt += 30 if OTHER_MATTER.search(words) else 0
    return doubt


def _asks(words: str) -> bool:
    return words.rstrip().endswith("?")


def _names(words: str, invoice: ListedInvoice) -> bool:
    """Return True if the text has the number of the invoice, in whatever way its parts are separated."""
    number = _NUMBER.sub("", invoice.number.lower())
    return len(number) >= 3 and number in _NUMBER.sub("", words.lower())


def _merged(found: Sequence[FoundStatement]) -> list[FoundStatement]:
    """Return the findings without repetitions: of the same kind, day, subject and invoices the surest one."""
    kept: dict[tuple[object, ...], FoundStatement] = {}
    for each in found:
        key = (each.kind, each.on, each.subject, each.invoice_ids)
        if key not in kept or each.confidence > kept[key].confidence:
            kept[key] = each
    return sorted(kept.values(), key=lambda each: each.sentence.start)
