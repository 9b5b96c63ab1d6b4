"""Waiver of penalties that no document claims yet, and its reversal. The principal is owed as before."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from encours.contracts.events.money.penalty import PenaltiesWaived, PenaltyWaiverReversed
from encours.kernel.errors import FieldError, Invalid, Refusal
from encours.kernel.money import Money
from invoice_svc.domain.interest.account import InterestAccount, Penalties
from invoice_svc.domain.interest.penalties import require_published
from invoice_svc.domain.invoice.checks import require_not_future
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.refusals import require_currency

Waived = Literal["all", "interest", "indemnity"]


class WaivePenalties(Struct, frozen=True):
    """Waive what is due and neither claimed nor waived up to a day, today if not given: all, or one of the two.

    ``amount`` is a part of the interest; ``None`` all of it.
    """

    invoice_id: str
    waiver_id: str
    cause: str
    what: Waived = "all"
    amount: Money | None = None
    until: date | None = None


class ReinstatePenalties(Struct, frozen=True):
    """Reverse one waiver, or with ``None`` all that stand."""

    invoice_id: str
    cause: str
    waiver_id: str | None = None


class NothingToWaive(Refusal):
    """Less is due than is to be waived, or nothing, besides what documents claim (409)."""

    code = "nothing-to-waive"
    title = "No such penalties to waive"
    remedy = "GET …/interest for what is left to claim; to waive what a penalty document claims, cancel that first."


class NothingWaived(Refusal):
    """The invoice has no such waiver that stands (409)."""

    code = "nothing-waived"
    title = "No waiver to reverse"
    remedy = "GET the invoice for the waivers that stand."


def waive(
    state: Invoice, command: WaivePenalties, account: InterestAccount, until: date, today: date
) -> PenaltiesWaived:
    """Waive at most what is left to claim up to the day."""
    require_not_future(until, today, "/until")
    left = account.to_claim
    wanted = Penalties(
        0 if command.what == "indemnity" else left.interest_minor,
        0 if command.what == "interest" else left.indemnity_minor,
    )
    if command.amount is not None:
        wanted = _part(state, command, wanted)
    if not wanted.total_minor:
        raise NothingToWaive(f"Nothing of {state.number} is left to claim on {until}.")
    if wanted.interest_minor:
        require_published(account.due, "/until")
    return PenaltiesWaived(
        invoice_id=state.invoice_id,
        customer_id=state.customer_id,
        currency=state.currency,
        waiver_id=command.waiver_id,
        last_day=until,
        interest_minor=wanted.interest_minor,
        indemnity_minor=wanted.indemnity_minor,
        cause=command.cause,
    )


def _part(state: Invoice, command: WaivePenalties, left: Penalties) -> Penalties:
    assert command.amount is not None, "the caller has looked"
    if command.what != "interest":
        raise Invalid("An amount is a part of the interest: write what as interest.", "/what")
    require_currency(command.amount.currency, state.currency, "/amount")
    if command.amount.amount_minor <= 0:
        raise Invalid("The amount must be above 0.", "/amount")
    if command.amount.amount_minor > left.interest_minor:
        rest = Money(left.interest_minor, state.currency)
        raise NothingToWaive(
            f"Interest of {rest} is left to claim of {state.number}, less than {command.amount}.",
            errors=(FieldError("/amount", f"Write {rest} or less."),),
        )
    return Penalties(command.amount.amount_minor)


def reinstate(state: Invoice, command: ReinstatePenalties) -> list[PenaltyWaiverReversed]:
    """Reverse the waivers; their amounts can be claimed again."""
    found = [
        PenaltyWaiverReversed(
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            currency=state.currency,
            waiver_id=waiver.waiver_id,
            interest_minor=waiver.interest_minor,
            indemnity_minor=waiver.indemnity_minor,
            cause=command.cause,
        )
        for waiver in state.penalty_waivers
        if command.waiver_id in (None, waiver.waiver_id)
    ]
    if not found:
        raise NothingWaived(f"No such waiver of penalties of {state.number or state.invoice_id} stands.")
    return found
