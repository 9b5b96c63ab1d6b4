"""Commands on the procedure for a title without a court."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dunning_svc.domain.title.eligibility import TitleClaim

InvoiceStanding = Literal["open", "paid", "given_up"]
"""Standing of an invoice of a procedure. ``given_up``: written off or credited, and not paid."""


@dataclass(frozen=True, slots=True)
class TitleInvoice:
    """An open invoice of the debtor, as the procedure judges it."""

    number: str
    entity_id: str
    claim: TitleClaim


@dataclass(frozen=True, slots=True)
class TitleDebtor:
    """A debtor with its open invoices, the procedure of its creditors' countries, and the number of its titles."""

    customer_id: str
    country: str
    invoices: Mapping[str, TitleInvoice]
    creditor_countries: Mapping[str, str]
    titles: int


@dataclass(frozen=True, slots=True)
class RequestTitle:
    """Instruct the officer to serve the demand."""

    customer_id: str
    invoice_ids: tuple[str, ...]
    officer: str
    notice_on: date | None


@dataclass(frozen=True, slots=True)
class ServeTitle:
    """Record that the demand was served."""

    title_id: str
    served_on: date
    reference: str | None


@dataclass(frozen=True, slots=True)
class ContestTitle:
    """Record that the debtor contests."""

    title_id: str
    contested_on: date
    cause: str


@dataclass(frozen=True, slots=True)
class EnforceTitle:
    """Record that the title is enforceable."""

    title_id: str
    enforceable_on: date
    reference: str | None


@dataclass(frozen=True, slots=True)
class EndTitle:
    """End the procedure."""

    title_id: str
    outcome: Literal["withdrawn", "enforced"]
    note: str
