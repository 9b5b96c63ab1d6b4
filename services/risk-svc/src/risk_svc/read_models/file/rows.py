"""Rows of ``credit`` for credit files: notices of insolvency, and accounts that are open or not."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.contracts import Recorded
from encours.contracts.events.account_opening import (
    AccountChecklistSet,
    AccountOpened,
    AccountOpeningRequested,
    AccountRefused,
)
from encours.contracts.events.credit_file import CreditFactCorrected, CreditFactRecorded, CreditFactWithdrawn
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row


class InsolvencyNoticeRow(Row, kw_only=True):
    """Fact as it is from an event on, never changed again; the last one of a fact counts."""

    TABLE: ClassVar[str] = "insolvency_notice"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "fact_number", "position")
    customer_id: str
    fact_number: int
    position: int
    observed_on: date
    text: str
    tells: bool
    """True while the fact is a notice of insolvency and is not withdrawn."""


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
    """Put a notice, or the end of one. A fact of another kind gets a row only where it may have been a notice."""
    told = None if isinstance(data, CreditFactWithdrawn) else data.content
    tells = told is not None and told.kind == "insolvency_notice"
    if isinstance(data, CreditFactRecorded) and not tells:
        return
    rows.put(
        InsolvencyNoticeRow(
            customer_id=data.customer_id,
            fact_number=data.fact_number,
            position=e.position,
            observed_on=e.effective_on,
            text=told.text if told else "",
            tells=tells,
        )
    )
