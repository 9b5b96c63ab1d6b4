"""Litigation file of a customer, folded from the ledger: chronology, open invoices, reminders with their evidence.

It is written file by file. Besides one file only the lines of the chronology and the open invoices are in memory, of a
bounded number of streams.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from dunning_svc.domain.formats import Lang
from dunning_svc.domain.litigation.claims import LitigatedInvoice, litigated
from dunning_svc.domain.litigation.documents import (
    ChronologyLine,
    FileEntry,
    ReminderProof,
    StatedInterest,
    Subject,
    chronology,
    index,
    interest_documents,
    invoice_documents,
    reminder_documents,
)
from dunning_svc.domain.litigation.interest import (
    CashLeft,
    LitigatedDebt,
    debt_by_movements,
    statements,
)
from dunning_svc.domain.litigation.share import concerns, share_of
from dunning_svc.domain.message.render import Message
from dunning_svc.use_cases.messages import rewritten
from encours.contracts import Recorded
from encours.contracts.events.dunning.promises import PromiseMade
from encours.contracts.events.dunning.reminders import (
    ReminderFailed,
    ReminderRequested,
    ReminderSent,
    ReminderSuppressed,
    ReminderUnconfirmed,
    TaskOpened,
)
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.parties.customer import CustomerAmended, CustomerRegistered
from encours.contracts.events.parties.entity import EntityAmended, EntityRegistered
from encours.contracts.insolvency import Insolvency, InsolvencyEvent, insolvencies_with
from encours.kernel.errors import Refusal
from encours.ledger import Ledger
from encours.legal.law import NoLegalRate
from encours.legal.packs import law_of
from encours.reading.summary import summary

STREAMS_MAX = 10_000
"""Most streams of a file."""
_CHUNK = 200
_RELATED = ("dispute_id", "plan_id", "instrument_id")
"""Fields with the streams that events of invoices name."""
_FIRST = ("ent", "cus", "prm", "inv", "rem")
DECISIONS = (ReminderRequested, ReminderSuppressed, TaskOpened)
_OUTCOMES = (ReminderSent, ReminderFailed, ReminderUnconfirmed, ReminderSuppressed)


class LitigationFileTooLarge(Refusal):
    """The customer has more invoices, payments and reminders than one file takes (422)."""

    code = "litigation-file-too-large"
    title = "Litigation file is too large"
    status = 422
    remedy = "Export the invoices and reminders in question by themselves."


@dataclass(frozen=True, slots=True)
class FileQuestion:
    """Customer with all its records, and the moment.

    ``streams``: at least those of the records and of their creditors; others that belong to no record are left out.
    """

    ledger: str
    customer_id: str
    records: frozenset[str]
    streams: tuple[str, ...]
    as_of: date
    position: int
    lang: Lang


class NamedCreditor(NamedTuple):
    """Name and country of a creditor."""

    name: str
    country: str


@dataclass(slots=True)
class _Found:
    """Facts that the index and the chronology are written from."""

    customer: str = ""
    entities: dict[str, NamedCreditor] = field(default_factory=dict)
    owners: set[str] = field(default_factory=set)
    """Creditors with an event about the customer."""
    lines: list[ChronologyLine] = field(default_factory=list)
    invoices: list[LitigatedInvoice] = field(default_factory=list)
    invoice_ids: set[str] = field(default_factory=set)
    """All invoices of the customer, open or not."""
    promised: list[tuple[date, str]] = field(default_factory=list)
    insolvencies: tuple[Insolvency, ...] = ()
    debts: list[LitigatedDebt] = field(default_factory=list)
    cash: CashLeft = field(default_factory=CashLeft)
    digests: list[tuple[str, str]] = field(default_factory=list)
    """Name and SHA-256 of each file."""


async def litigation_file(ledger: Ledger, asked: FileQuestion) -> AsyncIterator[FileEntry]:
    """Yield the files in an order that depends on the ledger alone; the index is the last."""
    found, related = _Found(), set[str]()
    own = sorted(asked.streams, key=_order)
    for start in range(0, len(own), _CHUNK):
        chunk = own[start : start + _CHUNK]
        read = await ledger.read_streams(asked.ledger, chunk, upto=asked.position)
        for stream in chunk:
            events = [e for e in read.get(stream, []) if e.effective_on <= asked.as_of or _registers(e)]
            related |= _take(events, found, asked)
            for entry in await _files_of(ledger, events, found, asked):
                found.digests.append(entry.digest)
                yield entry
    for stream in sorted(related - set(own)):
        events = await ledger.read_stream(asked.ledger, stream, upto=asked.position)
        _take([e for e in events if e.effective_on <= asked.as_of], found, asked)
    for entry in interest_documents(_stated(found, asked.as_of), asked.as_of, asked.lang):
        found.digests.append(entry.digest)
        yield entry
    for entry in chronology(found.lines, asked.lang):
        found.digests.append(entry.digest)
        yield entry
    creditors = {name: found.entities[name].name for name in found.owners if name in found.entities}
    subject = Subject(asked.customer_id, found.customer, creditors, asked.as_of, asked.position)
    for entry in index(subject, found.invoices, found.digests, asked.lang):
        yield entry


def _order(stream: str) -> tuple[int, str]:
    """Creditors, customers and promises come before the invoices, whose documents need them."""
    prefix = stream.partition("_")[0]
    return (_FIRST.index(prefix) if prefix in _FIRST else len(_FIRST)), stream


def _registers(e: Recorded) -> bool:
    """A customer taken over today owed its invoices before it was registered."""
    return isinstance(e.data, CustomerRegistered | EntityRegistered)


def _take(events: Sequence[Recorded], found: _Found, asked: FileQuestion) -> set[str]:
    """Keep what the other files need; return the streams of disputes, plans and instruments that are named."""
    related: set[str] = set()
    decision = events[0].data if events and isinstance(events[0].data, DECISIONS) else None
    own = decision is not None and concerns(decision, asked.records)
    for e in events:
        match e.data:
            case EntityRegistered() as entity:
                found.entities[entity.entity_id] = NamedCreditor(entity.name, entity.country)
            case EntityAmended() as amended:
                known = found.entities[amended.entity_id]
                found.entities[amended.entity_id] = known._replace(name=amended.name)
            case CustomerRegistered() | CustomerAmended() as customer if e.stream == asked.customer_id:
                found.customer = customer.name
            case PromiseMade() as promise if promise.customer_id in asked.records:
                found.promised += [(e.effective_on, invoice_id) for invoice_id in promise.invoice_ids]
        found.cash.take(e, asked.records)
        if not own and (decision or getattr(e.data, "customer_id", None) not in asked.records):
            continue
        if isinstance(e.data, InvoiceIssued):
            found.invoice_ids.add(e.data.invoice_id)
        if isinstance(e.data, InsolvencyEvent):
            found.insolvencies = insolvencies_with(found.insolvencies, e, e.data)
        found.owners.add(e.entity)
        related |= {named for name in _RELATED if (named := getattr(e.data, name, None))}
        shown = (
            share_of(e.data, asked.records, found.invoice_ids) if isinstance(e.data, DECISIONS) else e.data
        )
        found.lines.append(ChronologyLine(e.effective_on, e.position, e.type, summary(shown, asked.lang)))
    return related


async def _files_of(
    ledger: Ledger, events: Sequence[Recorded], found: _Found, asked: FileQuestion
) -> list[FileEntry]:
    """Return the documents of a stream: those of an open invoice, or of a reminder that was requested."""
    first = events[0].data if events else None
    if isinstance(first, ReminderRequested) and concerns(first, asked.records):
        share = share_of(first, asked.records, found.invoice_ids)
        return reminder_documents(await _proof(ledger, first, share, events[1:], asked), asked.lang)
    if not any(isinstance(e.data, InvoiceIssued) and e.data.customer_id in asked.records for e in events):
        return []
    debt = debt_by_movements(events, found.insolvencies)
    if debt is not None:
        found.debts.append(debt)
    creditor = found.entities.get(events[0].entity)
    invoice = litigated(events, found.promised, creditor.country if creditor else "")
    if invoice is None:
        return []
    found.invoices.append(invoice)
    return invoice_documents(invoice, asked.lang)


def _stated(found: _Found, on: date) -> list[StatedInterest]:
    """Return the statement of each open invoice; without a rate on file only invoice-svc can say more."""
    groups: dict[tuple[str, str], list[LitigatedDebt]] = {}
    for debt in found.debts:
        groups.setdefault((debt.entity_id, debt.currency), []).append(debt)
    stated: list[StatedInterest] = []
    for (entity_id, currency), debts in groups.items():
        numbers = {each.debt.invoice_id: each.number for each in debts}
        law = law_of(found.entities[entity_id].country)
        try:
            known = statements(debts, found.cash.funds(entity_id, currency), on, law)
        except NoLegalRate:
            known = {each.debt.invoice_id: None for each in debts if each.open_minor > 0}
        stated += [StatedInterest(name, numbers[name], currency, each) for name, each in known.items()]
    return stated


async def _proof(
    ledger: Ledger,
    requested: ReminderRequested,
    share: ReminderRequested,
    later: Sequence[Recorded],
    asked: FileQuestion,
) -> ReminderProof:
    extract = share is not requested
    outcome = next((e for e in later if isinstance(e.data, _OUTCOMES)), None)
    data = outcome.data if outcome else None
    sent = data if isinstance(data, ReminderSent | ReminderFailed) else None
    proof = data.message if isinstance(data, ReminderSent) else None
    message: Message | None = None
    agrees = False
    if proof is not None:
        part = (lambda _: share) if extract else None
        again = await rewritten(ledger, asked.ledger, share.reminder_id, asked.position, part)
        message, agrees = again.message, not again.differences
    return ReminderProof(
        requested=share,
        extract=extract,
        outcome=outcome.type.rpartition(".")[2] if outcome else "requested",
        outcome_on=outcome.effective_on if outcome else None,
        message_id=sent.message_id if sent else None,
        server_answer=sent.evidence if sent else None,
        content_hash=proof.content_hash if proof else None,
        message=message,
        agrees=agrees,
        signs=tuple((e.effective_on, e.type) for e in later if e is not outcome),
    )
