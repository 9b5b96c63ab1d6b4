"""A verdict for each line: what is new is kept, what is known is a duplicate, what contradicts is rejected."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from encours.contracts.events.invoice import InvoiceIssued
from encours.testing.events import applied, issued, unapplied
from encours.testing.history import happened, recorded
from invoice_svc.imports import ids
from invoice_svc.imports.book import Book, BookInvoice
from invoice_svc.imports.csv_lines import Defaults, parse_map, read_header
from invoice_svc.imports.formats.records import Record
from invoice_svc.imports.planning import Plan, csv_parser, draft, plan

HEADER = read_header(
    "n,d,c,a,s", parse_map("invoice_number=n,issued_on=d,customer=c,amount=a,settled_on=s"), ","
)
PARSE = csv_parser(HEADER, ",", Defaults("EUR", "FR"))


def planned(*lines: str, known: dict[str, tuple[bytes, str]] | None = None) -> Plan:
    return plan([draft(Record(n, 0, n + 1, text), PARSE) for n, text in enumerate(lines, 2)], known or {})


def verdicts(result: Plan) -> list[str]:
    return [verdict.code or verdict.verdict for verdict in result.verdicts]


def as_known(result: Plan, state: str = "done") -> dict[str, tuple[bytes, str]]:
    return {event.key: (event.content, state) for event in result.events}


def test_new_lines_are_accepted_with_their_events_and_customers_once() -> None:
    result = planned("F1,2013-01-02,C1,5,", "F2,2013-01-03,C1,6,2013-01-09")
    assert verdicts(result) == ["accepted", "accepted"]
    assert [(event.key, event.state) for event in result.events] == [
        ("invoice:F1", "pending"),
        ("customer:C1", "standby"),
        ("invoice:F2", "pending"),
        ("payment:settlement F2", "pending"),
    ]


def test_the_same_line_twice_is_a_duplicate_within_a_file_and_across_files() -> None:
    first = planned("F1,2013-01-02,C1,5,", "F1,2013-01-02,C1,5.00,")
    assert verdicts(first) == ["accepted", "duplicate"]
    again = planned("F1,2013-01-02,C1,5,", known=as_known(first))
    assert (verdicts(again), again.events) == (["duplicate"], [])


def test_a_number_that_is_known_with_other_content_is_rejected() -> None:
    result = planned("F1,2013-01-02,C1,5,", "F1,2013-01-02,C1,6,")
    assert verdicts(result) == ["accepted", "known-differently"]


def test_a_later_export_brings_what_happened_since() -> None:
    first = planned("F1,2013-01-02,C1,5,")
    later = planned("F1,2013-01-02,C1,5,2013-02-03", known=as_known(first))
    assert verdicts(later) == ["accepted"]
    assert [event.key for event in later.events] == ["payment:settlement F1"]


def test_what_a_rule_refused_may_be_sent_again() -> None:
    first = planned("F1,2013-01-02,C1,5,")
    assert verdicts(planned("F1,2013-01-02,C1,5,", known=as_known(first, "refused"))) == ["accepted"]


def test_a_bad_line_between_good_ones_costs_itself_alone() -> None:
    assert verdicts(planned("F1,2013-01-02,C1,5,", "F2,x,C1,5,", "F3,2013-01-02,C1,5,")) == [
        "accepted",
        "invalid-date",
        "accepted",
    ]


def test_command_ids_follow_from_key_and_content_alone() -> None:
    one = ids.command_id("demo", "ent_1", "invoice:F1", b"a")
    assert one == ids.command_id("demo", "ent_1", "invoice:F1", b"a")
    assert one != ids.command_id("demo", "ent_1", "invoice:F1", b"b")
    assert ids.correlation_id("imp_" + "1" * 32) == UUID("1" * 32)


def _issued(invoice_id: str, number: str, due_on: date, minor: int) -> InvoiceIssued:
    return issued(minor, invoice_id=invoice_id, customer_id="c", number=number, due_on=due_on)


async def _nothing_before(customer_id: str, position: int) -> list[BookInvoice]:
    raise AssertionError("a customer that began here is not looked up")


def test_the_book_offers_named_invoices_first_and_then_by_due_date() -> None:
    book = Book(_nothing_before, 0)
    book.begin("c")
    first, second = ("i1", "F1001", date(2013, 3, 1), 500), ("i2", "F1002", date(2013, 2, 1), 500)
    book.note(happened(_issued(*first), _issued(*second)))
    assert book.candidates("c", None) == ["i2", "i1"]
    assert book.candidates("c", "invoice F1001") == ["i1", "i2"]
    book.note(happened(applied(500, invoice_id="i2", customer_id="c")))
    assert book.candidates("c", None) == ["i1"]
    book.note(happened(unapplied(500, invoice_id="i2", customer_id="c")))
    assert book.candidates("c", None) == ["i2", "i1"]


async def test_what_was_closed_before_this_process_began_is_looked_up_when_it_opens_again() -> None:
    asked: list[int] = []

    async def before(customer_id: str, position: int) -> list[BookInvoice]:
        asked.append(position)
        return [BookInvoice("i9", "F9", date(2013, 2, 1), 100)] if len(asked) > 1 else []

    book = Book(before, 7)
    await book.know("c")
    book.note([recorded(unapplied(100, invoice_id="i9", customer_id="c"), position=12)])
    await book.know("c")
    assert (book.candidates("c", None), asked) == (["i9"], [7, 12])
