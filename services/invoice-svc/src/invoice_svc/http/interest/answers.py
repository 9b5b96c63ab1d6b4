"""The interest statement of an invoice."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.http.queries import AsOf
from invoice_svc.domain.amounts.decimals import percent
from invoice_svc.domain.interest.account import InterestAccount, Penalties
from invoice_svc.domain.interest.statement import Segment
from invoice_svc.domain.invoice.state import Invoice


class SegmentOut(BaseModel):
    """Days at one principal and one rate, the first and the last counted."""

    first_day: date
    last_day: date
    days: int
    principal: MoneyModel
    rate: str = Field(description="Percent a year.", examples=["13.15"])
    basis: str
    provisional: bool = Field(
        description="The reference rate of these days is not on file; the last known one was used."
    )
    interest: MoneyModel

    @classmethod
    def of(cls, segment: Segment, state: Invoice) -> Json:
        """Show a segment of an invoice's statement."""
        return {
            "first_day": segment.first_day.isoformat(),
            "last_day": segment.last_day.isoformat(),
            "days": segment.days,
            "principal": money_json(segment.principal_minor, state.currency),
            "rate": percent(segment.rate_bps),
            "basis": segment.basis,
            "provisional": segment.provisional,
            "interest": money_json(segment.interest_minor, state.currency),
        }


class PenaltiesOut(BaseModel):
    """Interest and flat fee."""

    interest: MoneyModel
    indemnity: MoneyModel

    @classmethod
    def of(cls, found: Penalties, currency: str) -> Json:
        """Show both amounts."""
        return {
            "interest": money_json(found.interest_minor, currency),
            "indemnity": money_json(found.indemnity_minor, currency),
        }


class InterestOut(AsOf):
    """Penalties and flat fee for late payment up to a day. Neither bears VAT."""

    invoice_id: str
    on: date
    outstanding: MoneyModel
    segments: list[SegmentOut]
    interest: MoneyModel
    indemnity: MoneyModel
    total: MoneyModel = Field(description="Interest and indemnity that are due, claimed or not.")
    claimed: PenaltiesOut = Field(description="The part that penalty documents claim.")
    waived: PenaltiesOut
    to_claim: PenaltiesOut = Field(description="Due, and neither claimed nor waived.")
    over_claimed: PenaltiesOut = Field(
        description="Claimed by penalty documents and not due by the last day that they claim: to be credited."
    )
    policy: str

    @classmethod
    def of(cls, state: Invoice, on: date, account: InterestAccount) -> Json:
        """Show the statement of an invoice up to a day."""
        currency, found = state.currency, account.due
        return {
            "invoice_id": state.invoice_id,
            "on": on.isoformat(),
            "outstanding": money_json(state.outstanding_minor, currency),
            "segments": [SegmentOut.of(segment, state) for segment in found.segments],
            "interest": money_json(found.interest_minor, currency),
            "indemnity": money_json(found.indemnity_minor, currency),
            "total": money_json(found.interest_minor + found.indemnity_minor, currency),
            "claimed": PenaltiesOut.of(account.claimed, currency),
            "waived": PenaltiesOut.of(account.waived, currency),
            "to_claim": PenaltiesOut.of(account.to_claim, currency),
            "over_claimed": PenaltiesOut.of(account.over_claimed, currency),
            "policy": "PRINCIPAL_FIRST",
        }
