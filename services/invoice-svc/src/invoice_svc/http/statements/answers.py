"""Statement of account, as JSON and as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from encours.contracts.events.money.statement import StatementScope
from encours.http.answers import Json
from encours.http.models import MoneyModel, known_money_json, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from encours.kernel.bands import STANDARD, days_past_due
from encours.kernel.money import format_amount
from encours.kernel.texts import harmless
from encours.reading.pages import Page
from invoice_svc.http.common import iso
from invoice_svc.http.csv_pages import csv_page
from invoice_svc.read_models.statements.query import AccountSums, OpenItem

MAX_OPEN_ITEMS = 1_000
EntryKind = Literal[
    "invoice",
    "penalty",
    "credit_note",
    "payment",
    "payment_assigned",
    "payment_reassigned",
    "payment_applied",
    "payment_unapplied",
    "payment_reversed",
    "payment_restored",
    "refund",
    "refund_returned",
    "early_payment_discount",
    "early_payment_discount_withdrawn",
    "residual",
    "residual_reopened",
    "write_off",
    "write_off_reversed",
    "unrecoverable",
    "recovery",
]
KINDS: dict[str, EntryKind] = {
    "issued": "invoice",
    "issued_gross": "invoice",
    "credited": "credit_note",
    "credited_gross": "credit_note",
    "penalised": "penalty",
    "penalty_credited": "credit_note",
    "received": "payment",
    "identified": "payment_assigned",
    "reassigned": "payment_reassigned",
    "applied": "payment_applied",
    "unapplied": "payment_unapplied",
    "reversed": "payment_reversed",
    "restored": "payment_restored",
    "refunded": "refund",
    "refund_returned": "refund_returned",
    "discounted": "early_payment_discount",
    "discount_withdrawn": "early_payment_discount_withdrawn",
    "residual_closed": "residual",
    "residual_reopened": "residual_reopened",
    "written_off": "write_off",
    "write_off_reversed": "write_off_reversed",
    "unrecoverable": "unrecoverable",
    "recovered": "recovery",
}
"""Words of the statement for the kinds of movements on an account. A payment is applied there if another pays."""
_CSV_HEAD = (
    "customer_id", "effective_on", "kind", "document", "due_on", "currency", "debit", "credit", "balance", "position",
)  # fmt: skip


class EntryOut(BaseModel):
    """Entry of a customer's account; positive amounts are owed to the creditor."""

    customer_id: str
    effective_on: date
    kind: EntryKind
    document: str | None = Field(description="Number of the document, or the reference of the payment.")
    invoice_id: str | None
    payment_id: str | None
    due_on: date | None
    amount: MoneyModel
    balance: MoneyModel = Field(description="Balance of the accounts in this currency after the entry.")
    position: int


class AccountOut(BaseModel):
    """Accounts of the statement's customers in one currency: opening + debit − credit = closing."""

    currency: str
    opening: MoneyModel
    debit: MoneyModel
    credit: MoneyModel
    closing: MoneyModel
    aged: dict[str, MoneyModel] = Field(description="Open items of the last day by days past due.")
    open_items: MoneyModel
    disputed: MoneyModel
    in_hand: MoneyModel = Field(
        description="Part of the open items that is not in dispute and for which cheques, bills or notes are in hand."
    )
    unapplied: MoneyModel = Field(description="Money of the customers that no invoice has taken.")
    equal: bool = Field(description="Open items less unapplied money are the closing balance.")


class OpenItemOut(BaseModel):
    """Open item of the last day."""

    invoice_id: str
    customer_id: str
    number: str
    issued_on: date
    due_on: date
    days_past_due: int
    total: MoneyModel
    outstanding: MoneyModel
    disputed: MoneyModel
    in_hand: MoneyModel


class StatementPromiseOut(BaseModel):
    """Promise to pay that is open on the last day, or has ended since the first."""

    id: str
    customer_id: str
    invoice_ids: list[str]
    amount: MoneyModel
    promised_on: date
    status: str = Field(
        description="`open`, `kept`, `partly_kept`, `broken`, `withdrawn`, `replaced` or `not_owed`."
    )
    received: MoneyModel | None = Field(description="Amount that arrived in time; null before it is judged.")


class StatementOut(AsOf, Listing[EntryOut]):
    """Statement of account. `data` is a page of its entries; balances, sums and open items are of all of it."""

    customer_id: str
    scope: StatementScope
    customers: list[str] = Field(description="Customers whose accounts it shows.")
    first_day: date
    last_day: date
    accounts: list[AccountOut] = Field(description="One for each currency; amounts of two are never added.")
    open_items: list[OpenItemOut] = Field(description=f"By due date; the first {MAX_OPEN_ITEMS:,}.")
    open_items_count: int
    promises: list[StatementPromiseOut] = Field(description="By the promised day.")
    content_sha256: str = Field(
        description="Of customers, days, balances, all entries and open items: the same for the same `from`, `to`, "
        "`scope` and `known_at`."
    )

    @classmethod
    def of(
        cls,
        customer_id: str,
        scope: StatementScope,
        customers: Sequence[str],
        first: date,
        last: date,
        accounts: Sequence[AccountSums],
        items: Sequence[OpenItem],
        sha256: str,
        promises: Sequence[Any],
    ) -> Json:
        """Show the statement, without the page of its entries."""
        return {
            "customer_id": customer_id,
            "scope": scope,
            "customers": list(customers),
            "first_day": first.isoformat(),
            "last_day": last.isoformat(),
            "accounts": [_account(account, items, last) for account in accounts],
            "open_items": [_open_item(item, last) for item in items[:MAX_OPEN_ITEMS]],
            "open_items_count": len(items),
            "promises": [_promise(row) for row in promises],
            "content_sha256": sha256,
        }

    @classmethod
    def entry(cls, row: Any) -> Json:
        """Show an entry."""
        currency = row["currency"]
        return {
            "customer_id": row["customer_id"],
            "effective_on": iso(row["effective_on"]),
            "kind": KINDS[row["kind"]],
            "document": row["document"] or row["number"],
            "invoice_id": row["invoice_id"],
            "payment_id": row["payment_id"],
            "due_on": iso(row["due_on"]),
            "amount": money_json(row["amount_minor"], currency),
            "balance": money_json(row["balance_minor"], currency),
            "position": row["position"],
        }


def csv_of(page: Page, rows: Sequence[Any]) -> Response:
    """Return a page of entries as CSV."""
    body = page.body(rows, StatementOut.entry)
    lines = [_csv_line(row, shown) for row, shown in zip(rows, body["data"], strict=False)]
    return csv_page(_CSV_HEAD, lines, body["next_cursor"])


def _csv_line(row: Any, shown: Json) -> Sequence[object]:
    currency, minor = row["currency"], row["amount_minor"]
    return (
        shown["customer_id"],
        shown["effective_on"],
        shown["kind"],
        harmless(shown["document"] or ""),
        shown["due_on"] or "",
        currency,
        format_amount(minor, currency) if minor > 0 else "",
        format_amount(-minor, currency) if minor < 0 else "",
        shown["balance"]["amount"],
        shown["position"],
    )


def _account(account: AccountSums, items: Sequence[OpenItem], last: date) -> Json:
    currency = account.currency
    own = [item for item in items if item.currency == currency]
    aged = dict.fromkeys(STANDARD.names, 0)
    for item in own:
        aged[STANDARD.names[STANDARD.index(days_past_due(item.due_on, last))]] += item.open_minor
    open_minor = sum(item.open_minor for item in own)
    return {
        "currency": currency,
        "opening": money_json(account.opening_minor, currency),
        "debit": money_json(account.debit_minor, currency),
        "credit": money_json(account.credit_minor, currency),
        "closing": money_json(account.closing_minor, currency),
        "aged": {name: money_json(minor, currency) for name, minor in aged.items()},
        "open_items": money_json(open_minor, currency),
        "disputed": money_json(sum(item.disputed_minor for item in own), currency),
        "in_hand": money_json(sum(item.in_hand_minor for item in own), currency),
        "unapplied": money_json(account.unapplied_minor, currency),
        "equal": open_minor - account.unapplied_minor == account.closing_minor,
    }


def _open_item(item: OpenItem, last: date) -> Json:
    return {
        "invoice_id": item.invoice_id,
        "customer_id": item.customer_id,
        "number": item.number,
        "issued_on": item.issued_on.isoformat(),
        "due_on": item.due_on.isoformat(),
        "days_past_due": days_past_due(item.due_on, last),
        "total": money_json(item.total_minor, item.currency),
        "outstanding": money_json(item.open_minor, item.currency),
        "disputed": money_json(item.disputed_minor, item.currency),
        "in_hand": money_json(item.in_hand_minor, item.currency),
    }


def _promise(row: Any) -> Json:
    received, currency = row["received_minor"], row["currency"]
    return {
        "id": row["promise_id"],
        "customer_id": row["customer_id"],
        "invoice_ids": row["invoice_ids"],
        "amount": money_json(row["amount_minor"], currency),
        "promised_on": iso(row["promised_on"]),
        "status": row["status"],
        "received": known_money_json(received, currency),
    }
