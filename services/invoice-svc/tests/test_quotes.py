"""The rules of quotes: given a story, when a command, then events."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.contracts.common import DocumentContent, Terms
from encours.kernel.errors import DomainError, Invalid
from encours.kernel.money import format_amount
from invoice_svc.domain.amounts.sums import LineInput, reckon
from invoice_svc.domain.document import content_again
from invoice_svc.domain.invoice.commands import Content
from invoice_svc.domain.quote.commands import (
    AcceptQuote,
    AmendQuote,
    DraftQuote,
    ExtendQuote,
    RefuseQuote,
    SendQuote,
)
from invoice_svc.domain.quote.state import status_on
from invoice_svc.http.evidence import MAX_DOCUMENT_BYTES, EvidenceBody
from invoice_svc.http.quotes.bodies import QuoteBody
from invoice_svc.use_cases.folds import INVOICE, QUOTE
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import quotes

TODAY = date(2026, 6, 30)
LAST = date(2026, 7, 31)
NET_15 = Terms(due_kind="NET", days=15, penalty_rate_bps=None, indemnity_minor=4_000)
SIGNED = b"%PDF-1.7 signed by Claire Martin"


def content(*lines: LineInput, **more: Any) -> Content:
    usual = (LineInput("work", "3", "99.995", "20"), LineInput("book", "2", "10.00", "5.5"))
    return Content(None, lines or usual, **more)


def quote(**changes: Any) -> DraftQuote:
    values: dict[str, Any] = {"entity_id": "ent_1", "customer_id": "cus_1", "valid_until": LAST} | changes
    return DraftQuote("quo_1", content=values.pop("content", content()), **values)


@pytest.fixture
def quoted(firm: Any) -> Any:
    """A firm that prepared a quote today, valid until 31 July."""
    firm.do(quotes.draft, quote(content=content(terms=NET_15, reference="PO 7")))
    return firm


def status(books: Any, day: date) -> str:
    return status_on(books.state(QUOTE, "quo_1"), day)


def test_an_accepted_quote_is_a_draft_invoice_with_the_same_content_and_sums(quoted: Any) -> None:
    quoted.do(quotes.send, SendQuote("quo_1", sent_to="Claire Martin"))
    quoted.do(quotes.accept, AcceptQuote("quo_1", "Claire Martin"), today=LAST)
    assert quoted.kinds()[-2:] == ["quote.accepted", "invoice.drafted"]
    offered = quoted.state(QUOTE, "quo_1")
    invoice = quoted.state(INVOICE, offered.acceptance.invoice_id)
    assert (invoice.document, invoice.supply_on, invoice.customer_id) == ("draft", LAST, "cus_1")
    assert (invoice.lines, invoice.vat, invoice.terms, invoice.reference) == (
        offered.content.lines, offered.content.vat, NET_15, "PO 7",
    )  # fmt: skip
    assert (invoice.net_minor, invoice.vat_minor, invoice.total_minor) == (31_999, 6_110, 38_109)
    assert (offered.net_minor, offered.vat_minor, offered.total_minor) == (31_999, 6_110, 38_109)


def test_a_quote_is_accepted_once_whoever_asks(make: Any, quoted: Any) -> None:
    quoted.do(quotes.accept, AcceptQuote("quo_1", "Claire Martin"))
    with make.refused("quote-closed"):
        quoted.do(quotes.accept, AcceptQuote("quo_1", "Jean Dupont"))
    with make.refused("quote-closed"):
        quoted.do(quotes.refuse, RefuseQuote("quo_1"))
    assert quoted.kinds().count("invoice.drafted") == 1


def test_a_quote_expires_with_its_last_day_and_an_extension_revives_it(make: Any, quoted: Any) -> None:
    late = date(2026, 8, 1)
    quoted.do(quotes.send, SendQuote("quo_1"))
    assert [status(quoted, day) for day in (LAST, late)] == ["sent", "expired"]
    with make.refused("quote-expired"):
        quoted.do(quotes.accept, AcceptQuote("quo_1", "Claire Martin"), today=late)
    with make.refused("invalid-request"):
        quoted.do(quotes.extend, ExtendQuote("quo_1", TODAY))
    quoted.do(quotes.extend, ExtendQuote("quo_1", date(2026, 8, 31)), today=late)
    assert status(quoted, late) == "sent"
    quoted.do(quotes.accept, AcceptQuote("quo_1", "Claire Martin"), today=late)
    assert status(quoted, date(2027, 1, 1)) == "accepted"


def test_an_acceptance_in_time_may_be_recorded_later(quoted: Any) -> None:
    quoted.do(quotes.accept, AcceptQuote("quo_1", "Claire Martin", LAST), today=date(2026, 8, 1))
    assert quoted.state(QUOTE, "quo_1").acceptance.accepted_on == LAST


def test_what_the_customer_has_no_longer_changes(make: Any, quoted: Any) -> None:
    events = len(quoted.ledger.events)
    same = AmendQuote("quo_1", LAST, content(terms=NET_15, reference="PO 7"))
    quoted.do(quotes.amend, same)
    assert len(quoted.ledger.events) == events
    cheaper = AmendQuote("quo_1", LAST, content(LineInput("work", "1", "10.00", "20")))
    quoted.do(quotes.amend, cheaper)
    assert quoted.state(QUOTE, "quo_1").total_minor == 1_200
    quoted.do(quotes.send, SendQuote("quo_1"))
    with make.refused("quote-sent"):
        quoted.do(quotes.amend, same)


def test_repetitions_record_nothing(quoted: Any) -> None:
    for command in (SendQuote("quo_1"), SendQuote("quo_1")):
        quoted.do(quotes.send, command)
    quoted.do(quotes.extend, ExtendQuote("quo_1", LAST))
    for _ in range(2):
        quoted.do(quotes.refuse, RefuseQuote("quo_1", cause="too dear"))
    assert quoted.kinds()[-2:] == ["quote.sent", "quote.refused"]
    assert status(quoted, TODAY) == "refused"


@pytest.mark.parametrize(
    ("use_case", "command", "code"),
    [
        (quotes.accept, AcceptQuote("quo_1", "x", date(2026, 7, 1)), "date-in-future"),
        (quotes.accept, AcceptQuote("quo_1", "x", date(2026, 6, 29)), "invalid-request"),
        (quotes.accept, AcceptQuote("quo_1", "x", series="AVO"), "series-not-defined"),
        (quotes.accept, AcceptQuote("quo_2", "x"), "quote-not-found"),
        (quotes.send, SendQuote("quo_1", date(2026, 7, 1)), "date-in-future"),
        (quotes.draft, quote(), "quote-exists"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_is_refused(make: Any, quoted: Any, use_case: Any, command: Any, code: str) -> None:
    with make.refused(code):
        quoted.do(use_case, command)


def test_a_quote_is_for_a_customer_of_the_entity_and_not_over_when_it_begins(make: Any, firm: Any) -> None:
    with make.refused("invalid-request"):
        firm.do(quotes.draft, quote(valid_until=date(2026, 6, 29)))
    firm.do(customers.register, make.customer("cus_2"))
    foreign = make.entity("ent_2")
    firm.do(entities.register, foreign)
    with make.refused("customer-of-other-entity"):
        firm.do(quotes.draft, quote(entity_id="ent_2", customer_id="cus_2"))


def test_a_number_of_ones_own_names_the_quote_and_another_is_made() -> None:
    body = {
        "entity_id": "ent_" + "0" * 32, "customer_id": "cus_" + "0" * 32, "valid_until": "2026-07-31",
        "lines": [{"description": "work", "quantity": "1", "unit_price": "10", "vat_rate": "20"}],
    }  # fmt: skip
    first, second = (QuoteBody.model_validate(body | {"number": "D-7"}).to_command() for _ in range(2))
    assert (first.quote_id, first.number) == (second.quote_id, "D-7")
    assert QuoteBody.model_validate(body).to_command().number is None


def test_a_made_number_tells_the_year_and_the_quote(quoted: Any) -> None:
    assert quoted.state(QUOTE, "quo_1").number == "DEV-2026-QUO_1"


def test_evidence_is_kept_by_the_hash_of_the_document() -> None:
    document, digest = base64.b64encode(SIGNED).decode(), hashlib.sha256(SIGNED).hexdigest()
    sent = EvidenceBody(document=document).to_evidence("/evidence")
    assert (sent.sha256, sent.document) == (digest, document)
    kept = EvidenceBody(sha256=digest, name="devis.pdf").to_evidence("/evidence")
    assert (kept.sha256, kept.document) == (digest, None)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({}, "/evidence/sha256"),
        ({"document": "YWJj", "sha256": "0" * 64}, "/evidence/sha256"),
        ({"document": "not base64!"}, "/evidence/document"),
        (
            {"document": base64.b64encode(b"x" * (MAX_DOCUMENT_BYTES + 1)).decode()},
            "/evidence/document",
        ),
    ],
)
def test_evidence_that_proves_nothing_is_refused(fields: dict[str, Any], pointer: str) -> None:
    with pytest.raises((Invalid, ValueError)) as refusal:
        EvidenceBody(**fields).to_evidence("/evidence")
    assert not isinstance(refusal.value, DomainError) or refusal.value.errors[0].pointer == pointer


decimals = st.integers(-10_000_000, 10_000_000).map(lambda minor: format_amount(minor, "EUR"))
lines = st.builds(
    LineInput,
    description=st.just("work"),
    quantity=decimals,
    unit_price=st.integers(-999_999, 999_999).map(lambda n: f"{n / 10_000:.4f}"),
    vat_rate=st.sampled_from(["0", "2.1", "5.5", "8.5", "10", "20", "23"]),
    product=st.none() | st.just("P1"),
)


@given(st.lists(lines, min_size=1, max_size=5))
def test_a_document_made_from_another_has_the_same_lines_and_sums(inputs: list[LineInput]) -> None:
    first = reckon(inputs, "EUR")
    kept = DocumentContent(
        supply_on=None, lines=first.lines, vat=first.vat, terms=None, reference=None, salesperson=None
    )
    assert reckon(content_again(kept, "EUR").lines, "EUR") == first
