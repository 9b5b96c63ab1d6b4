"""Answers of /v1/recurring."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from encours.contracts.events import recurring as events
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.recurring.indexation import RULE
from invoice_svc.domain.recurring.state import Recurring, RecurringStatus
from invoice_svc.http.common import iso
from invoice_svc.http.documents import (
    DocumentAdjustmentOut,
    LineOut,
    ParticularsOut,
    VatOut,
    content_json,
)
from invoice_svc.http.terms import TermsOut
from invoice_svc.use_cases.folds import RECURRING

NEXT_DATES = 10


class IndexationOut(BaseModel):
    """Prices by an index."""

    index: str
    base_period: date
    months_back: int
    revision: Literal["each_period", "yearly"]
    price_decimals: int
    rule: str

    @classmethod
    def of(cls, found: events.Indexation | None) -> Json | None:
        """Show an indexation with its rule of calculation."""
        if found is None:
            return None
        return {
            "index": found.code,
            "base_period": iso(found.base_period),
            "months_back": found.months_back,
            "revision": found.revision,
            "price_decimals": found.price_decimals,
            "rule": RULE,
        }


class IndexedByOut(BaseModel):
    """Index values that gave the prices of an invoice."""

    index: str
    base_period: date
    base_value: str
    value_period: date
    value: str


class BilledPeriodOut(BaseModel):
    """A period and its invoice."""

    period: date
    invoice_id: str
    indexed_by: IndexedByOut | None


class BlockedPeriodOut(BaseModel):
    """A period that cannot be billed: it is tried again on each day that opens."""

    period: date
    code: str = Field(description="Code of the problem; GET /problems/{code} for its remedy.")
    cause: str
    since: date


class RecurringOut(AsOf, ParticularsOut):
    """A recurring invoice as of a date."""

    id: str
    title: str
    entity_id: str
    customer_id: str
    series: str
    currency: str
    rule: str
    starts_on: date
    ends_on: date | None
    status: RecurringStatus
    next_dates: list[date] = Field(description="Dates of the next periods to bill, at most ten.")
    paused_on: date | None
    issue: bool
    indexation: IndexationOut | None
    billed_count: int
    latest: BilledPeriodOut | None
    blocked: BlockedPeriodOut | None
    net: MoneyModel = Field(description="Of one period, before indexation.")
    vat: MoneyModel
    total: MoneyModel
    vat_breakdown: list[VatOut]
    lines: list[LineOut]
    allowances: list[DocumentAdjustmentOut]
    charges: list[DocumentAdjustmentOut]
    terms: TermsOut | None
    reference: str | None
    salesperson: str | None
    version: int

    @classmethod
    def of(cls, state: Recurring, version: int, as_of: date) -> Json:
        """Show a recurring invoice with its next dates."""
        currency, content, schedule = state.currency, state.content, state.schedule
        return {
            "id": state.recurring_id,
            "title": state.title,
            "entity_id": state.entity_id,
            "customer_id": state.customer_id,
            "series": state.series,
            "currency": currency,
            "rule": schedule.rule,
            "starts_on": iso(schedule.starts_on),
            "ends_on": iso(schedule.ends_on),
            "status": state.status_on(as_of),
            "next_dates": [iso(day) for day in state.next_dates(NEXT_DATES)],
            "paused_on": iso(schedule.paused_on),
            "issue": state.issue,
            "indexation": IndexationOut.of(state.indexation),
            "billed_count": state.billed_count,
            "latest": _latest(state),
            "blocked": _blocked(state),
            "net": money_json(state.net_minor, currency),
            "vat": money_json(state.vat_minor, currency),
            "total": money_json(state.total_minor, currency),
            **content_json(content, currency),
            "version": version,
        }


class RecurringListing(AsOf, Listing[RecurringOut]):
    """A page of recurring invoices."""


def _latest(state: Recurring) -> Json | None:
    if (latest := state.latest) is None:
        return None
    by = latest.indexed_by
    return {
        "period": iso(latest.period),
        "invoice_id": latest.invoice_id,
        "indexed_by": None
        if by is None
        else {
            "index": by.code,
            "base_period": iso(by.base_period),
            "base_value": by.base_value,
            "value_period": iso(by.value_period),
            "value": by.value,
        },
    }


def _blocked(state: Recurring) -> Json | None:
    if (blocked := state.blocked) is None:
        return None
    return {
        "period": iso(blocked.period),
        "code": blocked.code,
        "cause": blocked.cause,
        "since": iso(blocked.since),
    }


RECURRING_ANSWER = Answer(RECURRING, RecurringOut.of)
