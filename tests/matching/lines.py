"""Bank lines of a firm in memory: imported, judged as the worker judges them, or matched by a person."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from encours.testing.bank_files import Booked, camt
from invoice_svc.bank.reading import read
from invoice_svc.domain.bank_line.commands import MatchLine
from invoice_svc.domain.bank_statement.commands import ImportStatements
from invoice_svc.matching.announced import AnnouncedPayment
from invoice_svc.matching.judgement import judge
from invoice_svc.matching.open_items import OpenCredit, OpenItems, PayableItem, Payer
from invoice_svc.use_cases.folds import BANK_LINE, CUSTOMER, ENTITY, INVOICE, PAYMENT
from invoice_svc.use_cases.money import bank_lines, bank_statements


async def every_invoice(ledger: str, entity_id: str, payer: Any, currency: str, text: Any) -> Sequence[str]:
    return ["inv_1"]


def taken_by(books: Any) -> Any:
    """Answer from the lines themselves, as the read model does from their rows."""

    async def taken(ledger: str, payment_ids: Sequence[str]) -> set[str]:
        streams = {e.stream for e in books.ledger.events if e.type == "bank_line.recorded"}
        booked = [books.state(BANK_LINE, each).booked for each in streams]
        return {each.payment_id for each in booked if each} & set(payment_ids)

    return taken


def import_lines(books: Any, *lines: Booked, **more: Any) -> list[str]:
    data = camt(lines, **more)
    command = ImportStatements("ent_1", read(data), "file", hashlib.sha256(data).hexdigest())
    before = len(books.ledger.events)
    books.do(bank_statements.import_statements, command, books.ledger.versions)
    return [e.stream for e in books.ledger.events[before:] if e.type == "bank_line.recorded"]


def open_items(books: Any) -> OpenItems:
    """Fill the index from the streams, as the worker fills it from the lists."""
    streams = {e.stream for e in books.ledger.events}
    entity = books.state(ENTITY, "ent_1")
    owed = [books.state(INVOICE, each) for each in streams if each.startswith("inv_")]
    debtors = [books.state(CUSTOMER, each) for each in streams if each.startswith("cus_")]
    return OpenItems.of(
        (
            PayableItem(
                x.invoice_id,
                x.number,
                x.customer_id,
                x.issued_on,
                x.due_on,
                x.outstanding_minor,
                x.disputed_minor,
            )
            for x in owed
            if x.number and x.outstanding_minor
        ),
        (
            Payer(
                x.customer_id,
                (x.name,),
                frozenset(filter(None, [x.iban])),
                x.roles,
                x.segment,
                x.tags,
                is_foreign=x.country != entity.country,
            )
            for x in debtors
        ),
        tolerances=[each for each in entity.tolerances if each.currency == entity.currency],
        credits=[
            OpenCredit(x.payment_id, x.customer_id, x.unapplied_minor, x.received_on)
            for x in (books.state(PAYMENT, each) for each in streams if each.startswith("pay_"))
            if x.customer_id and x.unapplied_minor
        ],
    )


def judge_line(books: Any, line_id: str, *advices: AnnouncedPayment, index: OpenItems | None = None) -> None:
    stated = books.state(BANK_LINE, line_id).stated
    judgement = judge(stated, index or open_items(books), advices)
    instruments = sorted({e.stream for e in books.ledger.events if e.type == "instrument.received"})
    books.do(bank_lines.judge_line, line_id, judgement, taken_by(books), instruments)


def judged(books: Any, *lines: Booked) -> Any:
    """Import and judge lines; return the state of the last."""
    for each in import_lines(books, *lines):
        judge_line(books, each)
    return books.state(BANK_LINE, each)


def match(books: Any, line_id: str, **how: Any) -> Any:
    books.do(bank_lines.match, MatchLine(line_id, **how), every_invoice, taken_by(books))
    return books.state(BANK_LINE, line_id)
