"""Interest statements of an invoice and of a customer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from encours.contracts.events.money.statement import StatementScope
from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from encours.kernel.texts import harmless
from encours.legal.interest import Segment
from encours.reading.pages import Page
from invoice_svc.domain.amounts.decimals import percent
from invoice_svc.domain.interest.account import InterestAccount, Penalties, sum_of
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.http.common import iso
from invoice_svc.http.csv_pages import csv_page
from invoice_svc.http.interest.reads import StatedInvoice

_CSV_HEAD = (
    "customer_id", "invoice_id", "number", "due_on", "currency", "outstanding", "interest", "indemnity",
    "claimed_interest", "claimed_indemnity", "waived_interest", "waived_indemnity", "to_claim_interest",
    "to_claim_indemnity", "over_claimed_interest", "over_claimed_indemnity", "provisional",
)  # fmt: skip


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
    stayed_from: date | None = Field(
        description="Day of the judgment that opened insolvency proceedings of the debtor after the supply: from then "
        "on no interest is due."
    )
    policy: str

    @classmethod
    def of(cls, state: Invoice, on: date, account: InterestAccount, stayed_from: date | None) -> Json:
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
            "stayed_from": iso(stayed_from),
            "policy": "PRINCIPAL_FIRST",
        }


class StatedPenaltiesOut(BaseModel):
    """Penalties that are due by law, and those that are claimed, waived and left."""

    due: PenaltiesOut
    claimed: PenaltiesOut = Field(description="The part that penalty documents claim.")
    waived: PenaltiesOut
    to_claim: PenaltiesOut = Field(description="Due, and neither claimed nor waived.")
    over_claimed: PenaltiesOut = Field(
        description="Claimed by penalty documents and not due by the last day that they claim: to be credited."
    )
    provisional: bool = Field(
        description="The reference rate of some days is not on file; the last known one was used."
    )

    @classmethod
    def of(cls, accounts: Sequence[InterestAccount], currency: str) -> Json:
        """Show the sums of accounts in one currency."""
        due = [Penalties(each.due.interest_minor, each.due.indemnity_minor) for each in accounts]
        sums: dict[str, Iterable[Penalties]] = {
            "due": due,
            "claimed": [each.claimed for each in accounts],
            "waived": [each.waived for each in accounts],
            "to_claim": [each.to_claim for each in accounts],
            "over_claimed": [each.over_claimed for each in accounts],
        }
        provisional = any(segment.provisional for each in accounts for segment in each.due.segments)
        shown = {name: PenaltiesOut.of(sum_of(parts), currency) for name, parts in sums.items()}
        return shown | {"provisional": provisional}


class LateInvoiceOut(StatedPenaltiesOut):
    """Penalties of an invoice."""

    invoice_id: str
    customer_id: str
    number: str
    due_on: date
    outstanding: MoneyModel

    @classmethod
    def row(cls, row: Any) -> Json:
        """Show an invoice of a page."""
        state, account = row["stated"].state, row["stated"].account
        return {
            "invoice_id": state.invoice_id,
            "customer_id": state.customer_id,
            "number": state.number,
            "due_on": iso(state.due_on),
            "outstanding": money_json(state.outstanding_minor, state.currency),
        } | StatedPenaltiesOut.of([account], state.currency)


class InterestTotalOut(StatedPenaltiesOut):
    """Sums over all invoices of the statement in one currency."""

    currency: str
    invoices: int


class CustomerInterestOut(AsOf, Listing[LateInvoiceOut]):
    """Statement of penalties of a customer. `data` is a page of its invoices; `totals` are over all of them."""

    customer_id: str
    scope: StatementScope
    on: date
    totals: list[InterestTotalOut] = Field(
        description="One for each currency; amounts of two are never added."
    )

    @classmethod
    def of(cls, customer_id: str, scope: StatementScope, on: date, found: Sequence[StatedInvoice]) -> Json:
        """Show the statement without its page."""
        by_currency: dict[str, list[InterestAccount]] = {}
        for each in found:
            by_currency.setdefault(each.state.currency, []).append(each.account)
        return {
            "customer_id": customer_id,
            "scope": scope,
            "on": on.isoformat(),
            "totals": [
                {"currency": currency, "invoices": len(accounts)} | StatedPenaltiesOut.of(accounts, currency)
                for currency, accounts in sorted(by_currency.items())
            ],
        }


def rows_of(page: Page, found: Iterable[StatedInvoice]) -> list[dict[str, Any]]:
    """Return the rows of a page, and one more if another page follows."""
    rows = [
        {"due_on": each.state.due_on, "invoice_id": each.state.invoice_id, "stated": each} for each in found
    ]
    rows.sort(key=lambda row: _key(page, row), reverse=page.descending)
    if (last := page.last) is not None:
        rows = [
            row for row in rows if _key(page, row) != last and (_key(page, row) < last) == page.descending
        ]
    return rows[: page.fetch]


def _key(page: Page, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column] for column in page.columns)


def interest_csv(page: Page, rows: Sequence[dict[str, Any]]) -> Response:
    """Return a page of invoices as CSV."""
    body = page.body(rows, LateInvoiceOut.row)
    return csv_page(_CSV_HEAD, [_csv_line(shown) for shown in body["data"]], body["next_cursor"])


def _csv_line(shown: Json) -> Sequence[object]:
    pairs = [shown[name] for name in ("due", "claimed", "waived", "to_claim", "over_claimed")]
    return (
        shown["customer_id"],
        shown["invoice_id"],
        harmless(shown["number"] or ""),
        shown["due_on"],
        shown["outstanding"]["currency"],
        shown["outstanding"]["amount"],
        *(pair[part]["amount"] for pair in pairs for part in ("interest", "indemnity")),
        "true" if shown["provisional"] else "false",
    )
