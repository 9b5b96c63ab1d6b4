"""Answers about promises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from dunning_svc.domain.promise.state import PROMISE, Promise, PromiseStatus
from encours.contracts.events.dunning.promises import PromiseSource
from encours.http.answers import Answer
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf


class PromiseOut(BaseModel):
    """A promise to pay."""

    id: str
    customer_id: str
    entity_id: str
    invoice_ids: list[str]
    amount: MoneyModel
    promised_on: date
    suspended_until: date = Field(
        description="Last day without dunning of the invoices: the promised day and the days of grace."
    )
    source: PromiseSource
    text: str | None
    reply_id: str | None
    made_on: date
    status: PromiseStatus = Field(
        description="`kept`: the amount arrived by `suspended_until`, or all that was still owed. `partly_kept`, "
        "`broken`: a part of it, or nothing. A payment that is returned later breaks a kept promise; one that was "
        "received in time and booked late keeps a broken one. `not_owed`: nothing was owed when it was judged."
    )
    received: MoneyModel | None = Field(description="Amount that arrived in time; null before it is judged.")
    ended_on: date | None
    replaced_by: str | None = Field(description="The later promise for the same invoices.")

    @classmethod
    def of(cls, state: Promise) -> PromiseOut:
        """Return a promise."""
        made, received = state.made, state.received_minor
        assert made is not None
        assert state.made_on is not None
        return cls(
            id=made.promise_id,
            customer_id=made.customer_id,
            entity_id=state.entity_id,
            invoice_ids=list(made.invoice_ids),
            amount=MoneyModel.of(made.amount_minor, made.currency),
            promised_on=made.promised_on,
            suspended_until=made.suspended_until,
            source=made.source,
            text=made.text,
            reply_id=made.reply_id,
            made_on=state.made_on,
            status=state.status,
            received=None if received is None else MoneyModel.of(received, made.currency),
            ended_on=state.ended_on,
            replaced_by=state.replaced_by,
        )

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> PromiseOut:
        """Return a row of the list."""
        received = row["received_minor"]
        return cls(
            id=row["promise_id"],
            customer_id=row["customer_id"],
            entity_id=row["entity_id"],
            invoice_ids=row["invoice_ids"],
            amount=MoneyModel.of(row["amount_minor"], row["currency"]),
            promised_on=row["promised_on"],
            suspended_until=row["suspended_until"],
            source=row["source"],
            text=row["text"],
            reply_id=row["reply_id"],
            made_on=row["made_on"],
            status=row["status"],
            received=None if received is None else MoneyModel.of(received, row["currency"]),
            ended_on=row["ended_on"],
            replaced_by=row["replaced_by"],
        )


class PromiseList(Listing[PromiseOut], AsOf):
    """Promises, newest first."""


class PromiseAsOf(PromiseOut, AsOf):
    """A promise at a date, or after a command."""


PROMISE_ANSWER = Answer(PROMISE, lambda state, *_: PromiseOut.of(state))
