"""State of a quote, folded from its events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal, assert_never, cast

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.common import DocumentContent, KeptEvidence
from encours.contracts.events import quote as quotes
from encours.kernel.errors import NotFound
from invoice_svc.domain.document import NO_CONTENT

QuoteStatus = Literal["draft", "sent", "accepted", "refused", "expired"]


class QuoteNotFound(NotFound):
    """No quote has the id (404)."""

    code = "quote-not-found"
    title = "Quote not found"
    remedy = (
        "Use an id from GET /v1/quotes. The id may belong to another ledger, or to a quote later than as_of."
    )


class EvidenceNotFound(NotFound):
    """The quote has no signed evidence on the day that is asked about (404)."""

    code = "quote-evidence-not-found"
    title = "Quote has no signed evidence"
    remedy = "GET the quote for its status; evidence is sent with its acceptance."


class Acceptance(Struct, frozen=True):
    """Acceptance of a quote, and the document that it led to. The signed document itself stays in the event."""

    accepted_by: str
    accepted_on: date
    sha256: str | None
    has_document: bool
    invoice_id: str | None
    order_id: str | None


class Quote(Struct, frozen=True):
    """State of a quote, for decisions and answers. Amounts in minor units."""

    quote_id: str = ""
    entity_id: str = ""
    customer_id: str = ""
    number: str = ""
    currency: str = ""
    drafted_on: date = date.min
    valid_until: date = date.min
    content: DocumentContent = NO_CONTENT
    net_minor: int = 0
    vat_minor: int = 0
    total_minor: int = 0
    sent_on: date | None = None
    sent_to: str | None = None
    acceptance: Acceptance | None = None
    refused_on: date | None = None
    refusal: str | None = None


QuoteEvent = (
    quotes.QuoteDrafted
    | quotes.QuoteAmended
    | quotes.QuoteSent
    | quotes.QuoteExtended
    | quotes.QuoteAccepted
    | quotes.QuoteRefused
)


def evolve(state: Quote, recorded: Recorded) -> Quote:
    """Return the quote after one more event."""
    event = cast(QuoteEvent, recorded.data)
    match event:
        case quotes.QuoteDrafted():
            return Quote(
                quote_id=event.quote_id,
                entity_id=recorded.entity,
                customer_id=event.customer_id,
                number=event.number,
                currency=event.currency,
                drafted_on=recorded.effective_on,
                valid_until=event.valid_until,
                content=event.content,
                net_minor=event.net_minor,
                vat_minor=event.vat_minor,
                total_minor=event.total_minor,
            )
        case quotes.QuoteAmended():
            return replace(
                state,
                currency=event.currency,
                valid_until=event.valid_until,
                content=event.content,
                net_minor=event.net_minor,
                vat_minor=event.vat_minor,
                total_minor=event.total_minor,
            )
        case quotes.QuoteSent():
            return replace(state, sent_on=recorded.effective_on, sent_to=event.sent_to)
        case quotes.QuoteExtended():
            return replace(state, valid_until=event.valid_until)
        case quotes.QuoteAccepted():
            return replace(state, acceptance=_acceptance(event, recorded.effective_on))
        case quotes.QuoteRefused():
            return replace(state, refused_on=recorded.effective_on, refusal=event.cause)
        case _:
            assert_never(event)


def _acceptance(event: quotes.QuoteAccepted, day: date) -> Acceptance:
    evidence = event.evidence
    return Acceptance(
        accepted_by=event.accepted_by,
        accepted_on=day,
        sha256=evidence.sha256 if evidence else None,
        has_document=evidence is not None and evidence.document is not None,
        invoice_id=event.invoice_id,
        order_id=event.order_id,
    )


def status_on(state: Quote, day: date) -> QuoteStatus:
    """Return the status on a day. The last day of a quote is in time."""
    if state.acceptance is not None:
        return "accepted"
    if state.refused_on is not None:
        return "refused"
    if day > state.valid_until:
        return "expired"
    return "draft" if state.sent_on is None else "sent"


def evidence_of(quote_id: str, recorded: Iterable[Recorded], day: date) -> KeptEvidence:
    """Return the evidence of the acceptance as of a day. Raises :class:`EvidenceNotFound`."""
    for each in recorded:
        event = each.data
        if (
            isinstance(event, quotes.QuoteAccepted)
            and event.evidence is not None
            and each.effective_on <= day
        ):
            return event.evidence
    raise EvidenceNotFound(quote_id)
