"""Answers about placements."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from dunning_svc.domain.placement.account import News, NewsKind, PaidWhilePlaced, PlacementAccount
from dunning_svc.domain.placement.state import PLACEMENT, Placement
from encours.contracts.events.dunning.placements import PartnerKind, PlacedInvoice, PlacementPartner
from encours.http.answers import Answer
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf


class PartnerOut(BaseModel):
    """Third party that collects the invoices."""

    kind: PartnerKind
    name: str
    reference: str | None
    email: str | None

    @classmethod
    def of(cls, partner: PlacementPartner) -> PartnerOut:
        """Return the partner of an event."""
        return cls(kind=partner.kind, name=partner.name, reference=partner.reference, email=partner.email)


class AgreedFee(BaseModel):
    """Fee as agreed."""

    percent: str | None = Field(description="Share of what is paid while the invoices are placed.")
    fixed: MoneyModel | None


class PlacedInvoiceOut(BaseModel):
    """An invoice as it was handed over, and its recall."""

    invoice_id: str
    number: str
    due_on: date
    open: MoneyModel
    disputed: MoneyModel
    notice_on: date | None = Field(description="Day of its last formal notice before the hand-over.")
    recalled_on: date | None
    recall_reason: str | None

    @classmethod
    def of(cls, placed: PlacedInvoice, state: Placement, currency: str) -> PlacedInvoiceOut:
        """Return an invoice of a placement."""
        recall = state.recalled.get(placed.invoice_id)
        return cls(
            invoice_id=placed.invoice_id,
            number=placed.number,
            due_on=placed.due_on,
            open=MoneyModel.of(placed.open_minor, currency),
            disputed=MoneyModel.of(placed.disputed_minor, currency),
            notice_on=placed.notice_on,
            recalled_on=recall and recall.on,
            recall_reason=recall and recall.cause,
        )


class PlacementOut(BaseModel):
    """Invoices of a customer that a third party collects."""

    id: str
    customer_id: str
    entity_id: str
    partner: PartnerOut
    fee: AgreedFee
    amount: MoneyModel = Field(description="Open and undisputed at the hand-over.")
    handed_over_on: date
    without_notice: str | None
    status: Literal["placed", "recalled"] = Field(description="`recalled`: no invoice is left.")
    invoices: list[PlacedInvoiceOut]

    @classmethod
    def of(cls, state: Placement) -> PlacementOut:
        """Return a placement."""
        return cls(**_fields(state))


class PaymentWhilePlaced(BaseModel):
    """A payment since the hand-over; below zero if it was reversed or released."""

    invoice_id: str
    payment_id: str
    on: date = Field(description="Day on which its funds were available.")
    amount: MoneyModel
    fee: MoneyModel = Field(description="Fee on it; 0 where a fixed fee was agreed.")

    @classmethod
    def of(cls, paid: PaidWhilePlaced, currency: str) -> PaymentWhilePlaced:
        """Return a payment."""
        return cls(
            invoice_id=paid.invoice_id,
            payment_id=paid.payment_id,
            on=paid.on,
            amount=MoneyModel.of(paid.amount_minor, currency),
            fee=MoneyModel.of(paid.fee_minor, currency),
        )


class ChangeWhilePlaced(BaseModel):
    """A credit or a dispute since the hand-over, which the partner has to know."""

    invoice_id: str
    kind: NewsKind
    on: date
    amount: MoneyModel

    @classmethod
    def of(cls, news: News, currency: str) -> ChangeWhilePlaced:
        """Return a change."""
        return cls(
            invoice_id=news.invoice_id,
            kind=news.kind,
            on=news.on,
            amount=MoneyModel.of(news.amount_minor, currency),
        )


class InvoiceNow(BaseModel):
    """Amounts of a placed invoice at the requested dates."""

    invoice_id: str
    open: MoneyModel
    disputed: MoneyModel


class PlacementAsOf(PlacementOut, AsOf):
    """A placement at the requested dates, with what was paid and changed since the hand-over."""

    balances: list[InvoiceNow]
    payments: list[PaymentWhilePlaced]
    paid: MoneyModel = Field(description="Sum of `payments`.")
    fee_due: MoneyModel = Field(description="Fee on `paid`, or the fixed fee.")
    changes: list[ChangeWhilePlaced] = Field(
        description="Each leads to a task `placement` with the next run: tell the partner."
    )

    @classmethod
    def with_account(cls, state: Placement, account: PlacementAccount, echo: dict[str, Any]) -> Self:
        """Return a placement with its account; ``echo`` holds the dates of the question."""
        assert state.made is not None
        currency, fee = state.made.currency, state.made.fee
        return cls(
            **_fields(state),
            balances=[
                InvoiceNow(
                    invoice_id=name,
                    open=MoneyModel.of(each.open_minor, currency),
                    disputed=MoneyModel.of(each.disputed_minor, currency),
                )
                for name, each in account.balances.items()
            ],
            payments=[PaymentWhilePlaced.of(each, currency) for each in account.payments],
            paid=MoneyModel.of(account.paid_minor, currency),
            fee_due=MoneyModel.of(account.fee_minor + (fee.fixed_minor or 0), currency),
            changes=[ChangeWhilePlaced.of(each, currency) for each in account.news],
            **echo,
        )


def _fields(state: Placement) -> dict[str, Any]:
    made = state.made
    assert made is not None
    fixed, bps = made.fee.fixed_minor, made.fee.percent_bps
    return {
        "id": made.placement_id,
        "customer_id": made.customer_id,
        "entity_id": state.entity_id,
        "partner": PartnerOut.of(made.partner),
        "fee": AgreedFee(
            percent=None if bps is None else f"{Decimal(bps) / 100:f}",
            fixed=None if fixed is None else MoneyModel.of(fixed, made.currency),
        ),
        "amount": MoneyModel.of(made.amount_minor, made.currency),
        "handed_over_on": made.handed_over_on,
        "without_notice": made.without_notice,
        "status": "placed" if state.placed_ids else "recalled",
        "invoices": [PlacedInvoiceOut.of(each, state, made.currency) for each in made.invoices],
    }


class PlacementList(Listing[PlacementOut], AsOf):
    """Placements, newest first."""


class PlacementMade(PlacementOut, AsOf):
    """A placement after a command."""


PLACEMENT_ANSWER = Answer(PLACEMENT, lambda state, *_: PlacementOut.of(state))
