"""Parts of the state of an invoice: changes of its balance, credit notes, payments, disputes, plans, instruments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts.common import Conversion, Instalment, VatShare
from encours.contracts.events import invoice as events
from encours.contracts.events.money.cover import CoverEnd, InvoiceCovered, InvoiceUncovered
from encours.contracts.events.money.instrument import InstrumentInterest, InstrumentKind
from encours.contracts.events.money.plan import PlanInterest, PlanOutcome
from encours.contracts.events.money.residual import ResidualReason
from encours.contracts.settlement import Pause

CoverEvent = InvoiceCovered | InvoiceUncovered


class BalanceChange(Struct, frozen=True, gc=False):
    """A change of the outstanding amount, and its business date. Negative settles, positive reopens."""

    effective_on: date
    amount_minor: int


class CreditNote(Struct, frozen=True, gc=False):
    """A credit note on this invoice; ``awaited_minor`` of it answers claims that were accepted before."""

    credit_note_id: str
    number: str
    series: str | None
    issued_on: date
    vat: tuple[VatShare, ...]
    net_minor: int | None
    vat_minor: int | None
    total_minor: int
    cause: str
    awaited_minor: int = 0
    released: tuple[events.ReleasedCash, ...] = ()
    """Cash that it has left without a debt."""


class Rebate(Struct, frozen=True, gc=False):
    """Part of the invoice that a credit note of its own corrects; the customer has it in credit."""

    credit_note_id: str
    payment_id: str
    vat: tuple[VatShare, ...]
    net_minor: int | None
    vat_minor: int | None
    total_minor: int
    effective_on: date


class AppliedPayment(Struct, frozen=True, gc=False):
    """Part of a payment applied to this invoice; the funds were available on ``received_on``."""

    allocation_id: str
    payment_id: str
    amount_minor: int
    received_on: date
    effective_on: date
    payer_id: str | None = None
    """Customer whose payment it is, if it is not the debtor."""
    paid: Conversion | None = None
    """Amount of a payment in another currency that is used for it."""


class RealisedDifference(Struct, frozen=True, gc=False):
    """Exchange difference that a part of a payment realised, in the entity's currency."""

    allocation_id: str
    payment_id: str
    amount_minor: int
    currency: str
    effective_on: date


class TakenDiscount(Struct, frozen=True, gc=False):
    """Early-payment discount that settled the rest of the invoice."""

    amount_minor: int
    vat: tuple[VatShare, ...]
    net_minor: int | None
    vat_minor: int | None
    payment_id: str
    effective_on: date


class ClosedResidual(Struct, frozen=True, gc=False):
    """Rest of the invoice that a tolerance closed."""

    residual_id: str
    amount_minor: int
    reason: ResidualReason
    policy_code: str
    policy_version: int
    cap_minor: int
    account: str | None
    payment_id: str
    received_on: date
    instructed: bool
    effective_on: date


class PenaltyClaim(Struct, frozen=True, gc=False):
    """Penalties of this invoice that a document claims, of the days from ``first_day`` to ``last_day``."""

    document_id: str
    first_day: date
    last_day: date
    interest_minor: int
    indemnity_minor: int
    claimed_on: date


class PenaltyWaiver(Struct, frozen=True, gc=False):
    """Penalties of this invoice that the creditor has given up."""

    waiver_id: str
    interest_minor: int
    indemnity_minor: int
    cause: str
    waived_on: date


class Disputed(Struct, frozen=True, gc=False):
    """An open dispute's share of this invoice."""

    dispute_id: str
    amount_minor: int
    opened_on: date


class InvoiceSchedule(Struct, frozen=True, gc=False):
    """Instalments of the invoice as agreed on a day."""

    agreed_on: date
    instalments: tuple[Instalment, ...]
    cause: str
    agreed_by: str | None
    evidence_sha256: str | None


class OnPlan(Struct, frozen=True, gc=False):
    """Amount of the invoice on a payment plan, in force until ``outcome`` is known, on ``ended_on``.

    ``before``: amounts by payment that were applied when the plan was agreed. A later payment is one of the plan.
    """

    plan_id: str
    amount_minor: int
    interest: PlanInterest
    planned_on: date
    before: Mapping[str, int]
    ended_on: date | None = None
    outcome: PlanOutcome | None = None

    @property
    def pause(self) -> Pause | None:
        """Days of the plan without interest by its terms, its end excluded; ``None`` if interest runs."""
        waives = self.interest == "waived_if_kept" and self.outcome == "kept"
        if not waives and (self.interest != "suspended" or self.outcome == "cancelled"):
            return None
        last_day = date.max if self.ended_on is None else self.ended_on - timedelta(days=1)
        return Pause(self.planned_on, last_day, self.amount_minor)


class Cover(Struct, frozen=True):
    """Amount of the invoice that an instrument is meant for, in hand until ``outcome`` is known, on ``ended_on``."""

    instrument_id: str
    kind: InstrumentKind
    amount_minor: int
    matures_on: date
    interest: InstrumentInterest
    covered_on: date
    ended_on: date | None = None
    outcome: CoverEnd | None = None

    @property
    def pause(self) -> Pause | None:
        """Days without interest by agreement, up to the payment; ``None`` if interest runs."""
        if self.interest == "runs" or self.outcome not in (None, "cleared"):
            return None
        return Pause(self.covered_on, self.ended_on or date.max, self.amount_minor)


def covers_after(covers: tuple[Cover, ...], day: date, event: CoverEvent) -> tuple[Cover, ...]:
    """Return the instruments of an invoice after one has begun or ceased to cover it.

    As far as interest is concerned, a cover that begins again has been there since it began first.
    """
    others = tuple(each for each in covers if each.instrument_id != event.instrument_id)
    known = next((each for each in covers if each.instrument_id == event.instrument_id), None)
    if isinstance(event, InvoiceUncovered):
        return covers if known is None else (*others, replace(known, ended_on=day, outcome=event.outcome))
    since = known.covered_on if known else day
    return (
        *others,
        Cover(event.instrument_id, event.kind, event.amount_minor, event.matures_on, event.interest, since),
    )
