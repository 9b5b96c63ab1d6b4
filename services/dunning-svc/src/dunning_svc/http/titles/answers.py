"""Answers about title procedures."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from dunning_svc.domain.title.state import TITLE, Title, TitleStatus
from encours.contracts.events.dunning.titles import TitleEnd
from encours.http.answers import Answer
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf


class TitledInvoiceOut(BaseModel):
    """An invoice as the title was requested for it."""

    invoice_id: str
    number: str
    due_on: date
    open: MoneyModel


class TitleRulesOut(BaseModel):
    """Procedure as the data had it."""

    country: str
    valid_from: date
    silence_months: int
    record_days: int
    source: str
    to_be_confirmed_by_counsel: bool = True


class TitleOut(BaseModel):
    """A procedure for a title without a court."""

    id: str
    customer_id: str
    entity_id: str
    status: TitleStatus
    officer: str
    invoices: list[TitledInvoiceOut]
    amount: MoneyModel
    rules: TitleRulesOut
    notice_on: date | None
    requested_on: date
    served_on: date | None
    contest_until: date | None = Field(description="Last day to contest, once the demand is served.")
    record_from: date | None = Field(description="First day on which non-contestation may be recorded.")
    contested_on: date | None
    objection: str | None
    enforceable_on: date | None
    outcome: TitleEnd | None = Field(description="End of the procedure.")
    note: str | None

    @classmethod
    def of(cls, state: Title) -> TitleOut:
        """Return a procedure."""
        made, served = state.requested, state.served
        assert made is not None
        return cls(
            id=made.title_id,
            customer_id=made.customer_id,
            entity_id=state.entity_id,
            status=state.status,
            officer=made.officer,
            invoices=[
                TitledInvoiceOut(
                    invoice_id=each.invoice_id,
                    number=each.number,
                    due_on=each.due_on,
                    open=MoneyModel.of(each.open_minor, made.currency),
                )
                for each in made.invoices
            ],
            amount=MoneyModel.of(made.amount_minor, made.currency),
            rules=TitleRulesOut(
                country=made.rules.country,
                valid_from=made.rules.valid_from,
                silence_months=made.rules.silence_months,
                record_days=made.rules.record_days,
                source=made.rules.source,
            ),
            notice_on=made.notice_on,
            requested_on=made.requested_on,
            served_on=served and served.served_on,
            contest_until=served and served.contest_until,
            record_from=served and served.record_from,
            contested_on=state.contested and state.contested.contested_on,
            objection=state.contested and state.contested.cause,
            enforceable_on=state.enforceable and state.enforceable.enforceable_on,
            outcome=state.ended and state.ended.outcome,
            note=state.ended and state.ended.note,
        )


class TitleAsOf(TitleOut, AsOf):
    """A procedure at the dates of the answer."""


class TitleList(Listing[TitleOut]):
    """Procedures for titles without a court."""


TITLE_ANSWER = Answer(TITLE, lambda state, *_: TitleOut.of(state))
