"""The invoice from its events: one after another, or as it was on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import assert_never, cast

from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.common import (
    VatShare,
)
from encours.contracts.events import invoice as events
from encours.contracts.events import loss as losses
from encours.contracts.events import penalty as penalties
from encours.contracts.events import rate as rates
from encours.contracts.events import residual as residuals
from encours.contracts.events.money.cover import InvoiceCovered, InvoiceUncovered
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.contracts.events.parties.field import InvoiceFieldsSet
from encours.contracts.events.sales import approval as approvals
from invoice_svc.domain.amounts.products import less_products
from invoice_svc.domain.approval.state import ApprovalEvent, amended, decided
from invoice_svc.domain.invoice.document import amended_document, drafted_document, issued_document
from invoice_svc.domain.invoice.parts import (
    AppliedPayment,
    BalanceChange,
    ClosedResidual,
    CreditNote,
    Disputed,
    InvoiceSchedule,
    OnPlan,
    RealisedDifference,
    Rebate,
    TakenDiscount,
    covers_after,
)
from invoice_svc.domain.invoice.penalised import PenaltyEvent, penalised
from invoice_svc.domain.invoice.state import Invoice

InvoiceEvent = (
    events.InvoiceDrafted
    | events.InvoiceAmended
    | events.InvoiceCancelled
    | ApprovalEvent
    | InvoiceFieldsSet
    | events.InvoiceIssued
    | events.DepositDeducted
    | events.DepositFreed
    | events.InvoiceTermsBeyondCeiling
    | events.InvoicePenaltyBelowFloor
    | events.InvoiceCredited
    | events.InvoiceRebated
    | events.PaymentApplied
    | events.PaymentUnapplied
    | events.ShareDisputed
    | events.ShareUndisputed
    | events.EarlyDiscountTaken
    | events.EarlyDiscountWithdrawn
    | residuals.InvoiceResidualClosed
    | residuals.InvoiceResidualReopened
    | rates.ExchangeDifferenceRealised
    | rates.ExchangeDifferenceReversed
    | losses.InvoiceWrittenOff
    | losses.WriteOffReversed
    | losses.InvoiceProvisioned
    | losses.InvoiceUnrecoverable
    | losses.WriteOffRecovered
    | InvoiceRescheduled
    | events.InvoicePlanned
    | events.InvoiceUnplanned
    | InvoiceCovered
    | InvoiceUncovered
    | PenaltyEvent
)


def evolve(state: Invoice, recorded: Recorded) -> Invoice:
    """Return the invoice after one more event."""
    event, day = cast(InvoiceEvent, recorded.data), recorded.effective_on
    match event:
        case events.InvoiceDrafted():
            return drafted_document(recorded, event)
        case events.InvoiceAmended():
            return replace(amended_document(state, event), approval=amended(state.approval, recorded.actor))
        case events.InvoiceCancelled():
            return replace(state, document="cancelled")
        case approvals.InvoiceSubmitted() | approvals.InvoiceApproved() | approvals.InvoiceRejected():
            return replace(state, approval=decided(state.approval, event, recorded.actor))
        case InvoiceFieldsSet():
            return replace(state, fields={each.field_code: each.value for each in event.fields})
        case events.InvoiceIssued():
            return issued_document(state, recorded.entity, event)
        case events.DepositDeducted():
            return replace(state, deducted_by=event.final_invoice_id)
        case events.DepositFreed():
            return replace(state, deducted_by=None)
        case events.InvoiceTermsBeyondCeiling() | events.InvoicePenaltyBelowFloor():
            return state
        case events.InvoiceCredited():
            credit = CreditNote(
                event.credit_note_id,
                event.number,
                event.series,
                event.issued_on,
                event.vat,
                event.net_minor,
                event.vat_minor,
                event.total_minor,
                event.cause,
                event.awaited_minor,
                event.released,
            )
            return replace(
                state,
                credits=(*state.credits, credit),
                movements=(*state.movements, BalanceChange(day, -event.total_minor)),
                conceded_minor=state.conceded_minor - event.awaited_minor,
                products=less_products(state.products, event.products) if event.products else state.products,
            )
        case events.InvoiceRebated():
            rebate = Rebate(
                event.credit_note_id,
                event.payment_id,
                event.vat,
                event.net_minor,
                event.vat_minor,
                event.total_minor,
                day,
            )
            return replace(state, rebates=(*state.rebates, rebate))
        case events.PaymentApplied():
            part = AppliedPayment(
                event.allocation_id,
                event.payment_id,
                event.amount_minor,
                event.received_on,
                day,
                event.payer_id,
                event.paid,
            )
            moved = (*state.movements, BalanceChange(day, -event.amount_minor))
            return replace(state, applied=(*state.applied, part), movements=moved)
        case events.PaymentUnapplied():
            kept = tuple(part for part in state.applied if part.allocation_id != event.allocation_id)
            moved = (*state.movements, BalanceChange(day, event.amount_minor))
            return replace(state, applied=kept, movements=moved)
        case events.ShareDisputed():
            share = Disputed(event.dispute_id, event.amount_minor, day)
            return replace(state, disputed=(*state.disputed, share))
        case events.ShareUndisputed():
            return _undisputed(state, event)
        case events.EarlyDiscountTaken():
            taken = TakenDiscount(
                event.amount_minor, event.vat, event.net_minor, event.vat_minor, event.payment_id, day
            )
            moved = (*state.movements, BalanceChange(day, -event.amount_minor))
            return replace(state, discount=taken, movements=moved)
        case events.EarlyDiscountWithdrawn():
            moved = (*state.movements, BalanceChange(day, event.amount_minor))
            return replace(state, discount=None, movements=moved)
        case residuals.InvoiceResidualClosed():
            closed = ClosedResidual(
                event.residual_id,
                event.amount_minor,
                event.reason,
                event.policy_code,
                event.policy_version,
                event.cap_minor,
                event.account,
                event.payment_id,
                event.received_on,
                event.instructed,
                day,
            )
            moved = (*state.movements, BalanceChange(day, -event.amount_minor))
            return replace(state, residual=closed, movements=moved)
        case residuals.InvoiceResidualReopened():
            moved = (*state.movements, BalanceChange(day, event.amount_minor))
            return replace(state, residual=None, movements=moved)
        case rates.ExchangeDifferenceRealised():
            realised = RealisedDifference(
                event.allocation_id, event.payment_id, event.amount_minor, event.currency, day
            )
            return replace(state, exchange_differences=(*state.exchange_differences, realised))
        case rates.ExchangeDifferenceReversed():
            left = tuple(e for e in state.exchange_differences if e.allocation_id != event.allocation_id)
            return replace(state, exchange_differences=left)
        case losses.InvoiceWrittenOff():
            return _written_off(state, day, event.amount_minor)
        case losses.WriteOffReversed():
            back = _written_off(state, day, -event.amount_minor)
            return replace(back, unrecoverable_minor=0, relieved=())
        case losses.InvoiceProvisioned():
            return replace(state, provisioned_minor=event.amount_minor)
        case losses.InvoiceUnrecoverable():
            lost = _written_off(state, day, event.written_off_minor)
            return replace(
                lost,
                unrecoverable_minor=state.unrecoverable_minor + event.amount_minor,
                relieved=_added(state.relieved, event.vat, 1),
                duplicate_text=event.duplicate_text or state.duplicate_text,
            )
        case losses.WriteOffRecovered():
            found = _written_off(state, day, -event.amount_minor)
            return replace(
                found,
                unrecoverable_minor=min(
                    state.unrecoverable_minor - event.relieved_minor, found.written_off_minor
                ),
                relieved=_added(state.relieved, event.vat, -1),
            )
        case InvoiceRescheduled():
            schedule = InvoiceSchedule(
                day, event.instalments, event.cause, event.agreed_by, event.evidence_sha256
            )
            return replace(state, schedules=(*state.schedules, schedule))
        case events.InvoicePlanned():
            return _planned(state, day, event)
        case events.InvoiceUnplanned():
            ended = (
                replace(plan, ended_on=day, outcome=event.outcome) if plan.plan_id == event.plan_id else plan
                for plan in state.plans
            )
            return replace(state, plans=tuple(ended))
        case InvoiceCovered() | InvoiceUncovered():
            return replace(state, covers=covers_after(state.covers, day, event))
        case (
            penalties.PenaltiesClaimed()
            | penalties.PenaltyClaimCancelled()
            | penalties.PenaltiesWaived()
            | penalties.PenaltyWaiverReversed()
        ):
            return penalised(state, day, event)
        case _:
            assert_never(event)


def _written_off(state: Invoice, day: date, amount_minor: int) -> Invoice:
    return replace(
        state,
        movements=(*state.movements, BalanceChange(day, -amount_minor)),
        written_off_minor=state.written_off_minor + amount_minor,
        written_off_on=max(state.written_off_on, day) if amount_minor > 0 else state.written_off_on,
    )


def _added(known: tuple[VatShare, ...], more: tuple[VatShare, ...], sign: int) -> tuple[VatShare, ...]:
    """Add shares by category and rate; those of 0 are dropped."""
    sums = {(share.rate_bps, share.category): [share.net_minor, share.vat_minor] for share in known}
    for share in more:
        found = sums.setdefault((share.rate_bps, share.category), [0, 0])
        found[0] += sign * share.net_minor
        found[1] += sign * share.vat_minor
    return tuple(
        VatShare(category=category, rate_bps=rate, net_minor=net, vat_minor=vat)
        for (rate, category), (net, vat) in sorted(sums.items())
        if net or vat
    )


def _planned(state: Invoice, day: date, event: events.InvoicePlanned) -> Invoice:
    """Put the invoice on the plan; one that is resumed has been in force since it was agreed."""
    if any(plan.plan_id == event.plan_id for plan in state.plans):
        resumed = (
            replace(plan, ended_on=None, outcome=None) if plan.plan_id == event.plan_id else plan
            for plan in state.plans
        )
        return replace(state, plans=tuple(resumed))
    before: dict[str, int] = {}
    for part in state.applied:
        before[part.payment_id] = before.get(part.payment_id, 0) + part.amount_minor
    begun = OnPlan(event.plan_id, event.amount_minor, event.interest, day, before)
    return replace(state, plans=(*state.plans, begun))


def _undisputed(state: Invoice, event: events.ShareUndisputed) -> Invoice:
    answered = event.amount_minor - event.awaiting_credit_minor if event.outcome == "credited" else 0
    return replace(
        state,
        disputed=_less(state.disputed, event.dispute_id, event.amount_minor),
        conceded_minor=state.conceded_minor + event.awaiting_credit_minor,
        answered_minor=state.answered_minor + answered,
    )


def _less(shares: tuple[Disputed, ...], dispute_id: str, amount_minor: int) -> tuple[Disputed, ...]:
    """Take an amount off the shares of a dispute, the latest first: the earliest one tells when it was opened."""
    kept: list[Disputed] = []
    for share in reversed(shares):
        if share.dispute_id == dispute_id:
            taken = min(share.amount_minor, amount_minor)
            amount_minor -= taken
            share = replace(share, amount_minor=share.amount_minor - taken)
        if share.amount_minor:
            kept.append(share)
    return tuple(reversed(kept))


def fold_as_of(recorded: Iterable[Recorded], day: date) -> Invoice:
    """Return the invoice as of a business day; empty before its first event.

    The content of a draft has no business date: an invoice has its lines on every day on which it exists, even if
    they were recorded later.
    """
    state, counted = Invoice(), False
    for event in recorded:
        in_force = event.effective_on <= day
        if in_force or isinstance(event.data, events.InvoiceDrafted | events.InvoiceAmended):
            after = evolve(state, event)
            state = after if in_force else replace(after, approval=state.approval)
            counted = counted or in_force
    return state if counted else Invoice()
