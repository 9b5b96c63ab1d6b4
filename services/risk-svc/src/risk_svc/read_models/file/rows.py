"""Rows of ``credit`` for credit files: facts that count for reviews, and accounts that are open or not."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts import Recorded
from encours.contracts.events.account_opening import (
    AccountChecklistSet,
    AccountOpened,
    AccountOpeningRequested,
    AccountRefused,
)
from encours.contracts.events.credit_file import (
    CreditFactContent,
    CreditFactCorrected,
    CreditFactRecorded,
    CreditFactWithdrawn,
)
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row

ToldKind = Literal[
    "insolvency_notice", "insurer_opinion", "company_closed", "company_active", "accounts_filed"
]
"""Facts that count for reviews."""


class ToldFactRow(Row, kw_only=True):
    """Fact as it is from an event on, never changed again; the last one of a fact counts."""

    TABLE: ClassVar[str] = "told_fact"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "fact_number", "position")
    customer_id: str
    fact_number: int
    position: int
    observed_on: date
    text: str
    kind: str | None
    """``None`` for a fact that is withdrawn, or corrected to one that does not count."""
    valid_until: date | None = None
    closed_on: date | None = None
    """Day of the balance sheet of filed accounts."""


class AccountChecklistRow(Row, kw_only=True):
    """Checklist of an entity from an event on, never changed again; the last one counts."""

    TABLE: ClassVar[str] = "account_checklist"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id", "position")
    entity_id: str
    position: int
    effective_on: date
    refers: bool


class AccountStateRow(Row, kw_only=True):
    """State of a customer's account from an event on, never changed again; the last one counts."""

    TABLE: ClassVar[str] = "account_state"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    customer_id: str
    position: int
    effective_on: date
    is_open: bool


def apply_account(
    e: Recorded,
    data: AccountChecklistSet | AccountOpeningRequested | AccountOpened | AccountRefused,
    rows: RowCache,
) -> None:
    """Put a checklist, or the state of an account."""
    if isinstance(data, AccountChecklistSet):
        rows.put(
            AccountChecklistRow(
                entity_id=data.entity_id,
                position=e.position,
                effective_on=e.effective_on,
                refers=data.refers,
            )
        )
        return
    rows.put(
        AccountStateRow(
            customer_id=data.customer_id,
            position=e.position,
            effective_on=e.effective_on,
            is_open=isinstance(data, AccountOpened),
        )
    )


def apply_fact(
    e: Recorded, data: CreditFactRecorded | CreditFactCorrected | CreditFactWithdrawn, rows: RowCache
) -> None:
    """Put a fact that counts, or its end. One that does not count gets a row only where it may have counted."""
    told = None if isinstance(data, CreditFactWithdrawn) else data.content
    kind = None if told is None else told_kind(told)
    if isinstance(data, CreditFactRecorded) and kind is None:
        return
    rows.put(
        ToldFactRow(
            customer_id=data.customer_id,
            fact_number=data.fact_number,
            position=e.position,
            observed_on=e.effective_on,
            text=told.text if told else "",
            kind=kind,
            valid_until=told.valid_until if told else None,
            closed_on=_closed_on(told) if told and kind == "accounts_filed" else None,
        )
    )


def told_kind(told: CreditFactContent) -> ToldKind | None:
    """Return the kind of a fact that counts for reviews; ``None`` for another."""
    match told.kind:
        case "insolvency_notice" | "insurer_opinion":
            return told.kind
        case "accounts_filed":
            return "accounts_filed" if _closed_on(told) else None
        case "company_status":
            return "company_closed" if _value(told, "state") == "closed" else "company_active"
        case _:
            return None


def _closed_on(told: CreditFactContent) -> date | None:
    try:
        return date.fromisoformat(_value(told, "closed_on"))
    except ValueError:
        return None


def _value(told: CreditFactContent, name: str) -> str:
    return next((each.value for each in told.values if each.name == name), "")
