"""Bodies of tasks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dunning_svc.domain.task.commands import (
    CompleteTask,
    PostponeTask,
    PromisedPayment,
    RaisedKind,
    RaiseTask,
    ReopenTask,
    TaskOutcome,
)
from dunning_svc.http.identifiers import CustomerId, InvoiceId
from encours.http.models import Body, BusinessDate, LongText, PositiveMoney, ShortText

InvoiceIds = Annotated[list[InvoiceId], Field(max_length=100)]


class RaiseTaskBody(Body):
    """A task that a person opens."""

    customer_id: CustomerId
    kind: RaisedKind
    reason: LongText = Field(examples=["Ask for the new bank details"])
    due_on: BusinessDate | None = Field(default=None, description="Today if left out.")
    invoice_ids: InvoiceIds = Field(
        default=[], description="Invoices of the customer that the task is about."
    )
    amount: PositiveMoney | None = None

    def to_command(self, task_id: str) -> RaiseTask:
        """Return the command."""
        return RaiseTask(
            task_id,
            self.customer_id,
            self.kind,
            self.reason,
            self.due_on,
            tuple(self.invoice_ids),
            self.amount.minor if self.amount else None,
            self.amount.currency if self.amount else None,
        )


class PromisedBody(Body):
    """Promise of the debtor."""

    promised_on: BusinessDate = Field(description="Last day on which the debtor pays by its promise.")
    amount: PositiveMoney | None = Field(default=None, description="The amount of the task if left out.")
    invoice_ids: InvoiceIds = Field(default=[], description="Those of the task if left out.")

    def to_promise(self, customer_id: str | None = None) -> PromisedPayment:
        """Return the promise of a debtor, or of the only one."""
        return PromisedPayment(
            self.promised_on,
            self.amount.minor if self.amount else None,
            self.amount.currency if self.amount else None,
            tuple(self.invoice_ids),
            customer_id,
        )


class DebtorPromisedBody(PromisedBody):
    """Promise of one of several debtors; amount and invoices are its own ones of the task if they are left out."""

    customer_id: CustomerId


class CompleteBody(Body):
    """The outcome of a task."""

    outcome: TaskOutcome = Field(
        description="`promised`: a promise is made, and dunning of its invoices rests. `paid_says`, `disputed`, "
        "`wrong_contact`: a task follows to find the payment, to examine the objection, to find another contact. "
        "`no_answer`: the same task follows on `next_on`. `done`, `other`: nothing follows. `approved`, `declined`: of "
        "an approval, and of nothing else; the message leaves, or its step is passed over."
    )
    text: LongText | None = Field(default=None, description="Required with `other` and `declined`.")
    promise: PromisedBody | None = Field(default=None, description="With `promised`.")
    promises: Annotated[list[DebtorPromisedBody], Field(max_length=100)] = Field(
        default=[],
        description="With `promised`, in place of `promise`: those of each debtor, for a task about several.",
    )
    paid_on: BusinessDate | None = Field(default=None, description="With `paid_says`.")
    next_on: BusinessDate | None = Field(
        default=None, description="Due day of the task that follows; the next business day if left out."
    )

    def to_command(self, task_id: str) -> CompleteTask:
        """Return the command."""
        sole = () if self.promise is None else (self.promise.to_promise(),)
        promises = sole + tuple(each.to_promise(each.customer_id) for each in self.promises)
        return CompleteTask(task_id, self.outcome, self.text, promises, self.paid_on, self.next_on)


class PostponeBody(Body):
    """Another due day."""

    due_on: BusinessDate
    reason: ShortText = Field(examples=["The accountant is back on Monday"])

    def to_command(self, task_id: str) -> PostponeTask:
        """Return the command."""
        return PostponeTask(task_id, self.due_on, self.reason)


class ReopenBody(Body):
    """The reason for which a task is open again."""

    reason: ShortText
    due_on: BusinessDate | None = Field(default=None, description="Today if left out.")

    def to_command(self, task_id: str) -> ReopenTask:
        """Return the command."""
        return ReopenTask(task_id, self.due_on, self.reason)
