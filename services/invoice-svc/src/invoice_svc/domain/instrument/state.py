"""State of a cheque, bill of exchange or promissory note, folded from its events."""

from __future__ import annotations

from datetime import date
from typing import Literal, assert_never, cast

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.events import instrument as events
from encours.contracts.events.money.instrument import (
    ClearingBasis,
    CoveredInvoice,
    InstrumentInterest,
    InstrumentKind,
)
from encours.kernel.errors import NotFound

InstrumentStatus = Literal[
    "in_hand", "remitted", "unconfirmed", "cleared", "returned", "refused", "cancelled"
]
COVERING: frozenset[InstrumentStatus] = frozenset({"in_hand", "remitted"})
"""An instrument with one of these covers the invoices that it is meant for."""


class InstrumentNotFound(NotFound):
    """No instrument has the id (404)."""

    code = "instrument-not-found"
    title = "Cheque, bill or note not found"
    remedy = "Use an id from GET /v1/instruments. The id may belong to another ledger, or to one received after as_of."


class Remittance(Struct, frozen=True):
    """A hand-over to the bank for collection."""

    on: date
    account_iban: str | None
    reference: str | None


class Clearing(Struct, frozen=True):
    """Payment of the instrument. ``withdrawn``: it had been booked wrongly."""

    payment_id: str
    on: date
    basis: ClearingBasis
    line_id: str | None
    is_withdrawn: bool = False


class Return(Struct, frozen=True):
    """A return by the bank."""

    on: date
    cause: str
    payment_id: str | None
    return_code: str | None
    charges_minor: int | None
    reference: str | None
    line_id: str | None


class Extension(Struct, frozen=True):
    """A new maturity that was agreed on a day."""

    agreed_on: date
    matured_on: date
    matures_on: date
    cause: str
    agreed_by: str | None


class Instrument(Struct, frozen=True):
    """State of an instrument, for decisions and answers. ``matures_on`` and ``clears_by`` as last agreed."""

    instrument_id: str = ""
    entity_id: str = ""
    customer_id: str = ""
    kind: InstrumentKind = "cheque"
    number: str = ""
    obligor: str | None = None
    bank_name: str | None = None
    iban: str | None = None
    amount_minor: int = 0
    currency: str = ""
    issued_on: date | None = None
    received_on: date = date.min
    matures_on: date = date.min
    accepted_on: date | None = None
    invoices: tuple[CoveredInvoice, ...] = ()
    clearing_days: int = 0
    clears_by: date = date.min
    presumed_paid: bool = False
    interest: InstrumentInterest = "runs"
    replaces: str | None = None
    replaced_by: str | None = None
    text: str | None = None
    evidence_sha256: str | None = None
    status: InstrumentStatus = "in_hand"
    remittances: tuple[Remittance, ...] = ()
    clearings: tuple[Clearing, ...] = ()
    returns: tuple[Return, ...] = ()
    extensions: tuple[Extension, ...] = ()
    is_remitted: bool = False
    """The bank has it."""
    end_cause: str | None = None
    """Reason why it was refused or given back."""
    last_on: date = date.min
    """Latest business date of its events."""

    @property
    def is_covering(self) -> bool:
        """Return True while it covers the invoices that it is meant for."""
        return self.status in COVERING

    @property
    def payment_id(self) -> str | None:
        """Its last payment, which may have been reversed since."""
        return self.clearings[-1].payment_id if self.clearings else None


InstrumentEvent = (
    events.InstrumentReceived
    | events.InstrumentAccepted
    | events.InstrumentRefused
    | events.InstrumentExtended
    | events.InstrumentRemitted
    | events.InstrumentCleared
    | events.ClearingWithdrawn
    | events.InstrumentReturned
    | events.InstrumentUnconfirmed
    | events.InstrumentCancelled
)


def evolve(state: Instrument, recorded: Recorded) -> Instrument:
    """Return the instrument after one more event."""
    event, day = cast(InstrumentEvent, recorded.data), recorded.effective_on
    state = replace(state, last_on=max(state.last_on, day))
    match event:
        case events.InstrumentReceived():
            return _received(state, recorded.entity, event)
        case events.InstrumentAccepted():
            return replace(state, accepted_on=day)
        case events.InstrumentRefused():
            return replace(state, status="refused", end_cause=event.cause)
        case events.InstrumentExtended():
            agreed = Extension(day, event.matured_on, event.matures_on, event.cause, event.agreed_by)
            return replace(
                state,
                status="in_hand",
                is_remitted=False,
                matures_on=event.matures_on,
                clears_by=event.clears_by,
                extensions=(*state.extensions, agreed),
            )
        case events.InstrumentRemitted():
            handed = Remittance(event.remitted_on, event.account_iban, event.reference)
            return replace(
                state,
                status="remitted",
                is_remitted=True,
                clears_by=event.clears_by,
                remittances=(*state.remittances, handed),
            )
        case events.InstrumentCleared():
            cleared = Clearing(event.payment_id, event.cleared_on, event.basis, event.line_id)
            return replace(state, status="cleared", clearings=(*state.clearings, cleared))
        case events.ClearingWithdrawn():
            status: InstrumentStatus = "remitted" if state.is_remitted else "in_hand"
            clearings = (
                replace(each, is_withdrawn=True) if each.payment_id == event.payment_id else each
                for each in state.clearings
            )
            return replace(state, status=status, clearings=tuple(clearings))
        case events.InstrumentReturned():
            returned = Return(
                event.returned_on,
                event.cause,
                event.payment_id,
                event.return_code,
                event.charges_minor,
                event.reference,
                event.line_id,
            )
            return replace(state, status="returned", is_remitted=False, returns=(*state.returns, returned))
        case events.InstrumentUnconfirmed():
            return replace(state, status="unconfirmed")
        case events.InstrumentCancelled():
            return replace(state, status="cancelled", end_cause=event.cause, replaced_by=event.replaced_by)
        case _:
            assert_never(event)


def _received(state: Instrument, entity_id: str, event: events.InstrumentReceived) -> Instrument:
    return replace(
        state,
        instrument_id=event.instrument_id,
        entity_id=entity_id,
        customer_id=event.customer_id,
        kind=event.kind,
        number=event.number,
        obligor=event.obligor,
        bank_name=event.bank_name,
        iban=event.iban,
        amount_minor=event.amount_minor,
        currency=event.currency,
        issued_on=event.issued_on,
        received_on=event.received_on,
        matures_on=event.matures_on,
        accepted_on=event.accepted_on,
        invoices=event.invoices,
        clearing_days=event.clearing_days,
        clears_by=event.clears_by,
        presumed_paid=event.presumed_paid,
        interest=event.interest,
        replaces=event.replaces,
        text=event.text,
        evidence_sha256=event.evidence_sha256,
    )
