"""Penalties of an invoice in its state: those that documents claim, and those that were waived."""

from __future__ import annotations

from datetime import date
from typing import assert_never

from msgspec.structs import replace

from encours.contracts.events import penalty as penalties
from invoice_svc.domain.invoice.parts import PenaltyClaim, PenaltyWaiver
from invoice_svc.domain.invoice.state import Invoice

PenaltyEvent = (
    penalties.PenaltiesClaimed
    | penalties.PenaltyClaimCancelled
    | penalties.PenaltiesWaived
    | penalties.PenaltyWaiverReversed
)


def penalised(state: Invoice, day: date, event: PenaltyEvent) -> Invoice:
    """Return the invoice after one more event about its penalties."""
    claims, waivers = state.penalty_claims, state.penalty_waivers
    match event:
        case penalties.PenaltiesClaimed():
            claim = PenaltyClaim(
                event.document_id,
                event.first_day,
                event.last_day,
                event.interest_minor,
                event.indemnity_minor,
                day,
            )
            return replace(state, penalty_claims=(*claims, claim))
        case penalties.PenaltyClaimCancelled():
            kept = tuple(each for each in claims if each.document_id != event.document_id)
            return replace(state, penalty_claims=kept)
        case penalties.PenaltiesWaived():
            waiver = PenaltyWaiver(
                event.waiver_id, event.interest_minor, event.indemnity_minor, event.cause, day
            )
            return replace(state, penalty_waivers=(*waivers, waiver))
        case penalties.PenaltyWaiverReversed():
            left = tuple(each for each in waivers if each.waiver_id != event.waiver_id)
            return replace(state, penalty_waivers=left)
        case _:
            assert_never(event)
