"""Document of a dunning policy: the content of one version."""

from __future__ import annotations

from typing import Literal

from encours.contracts.base import Value
from encours.contracts.common import Nature
from encours.contracts.events.parties.customer import FieldValue
from encours.contracts.events.score import CreditGrade

DunningAct = Literal["email", "call", "letter", "registered_letter", "litigation_file", "sms", "webhook"]
"""``registered_letter`` is a formal notice; ``webhook`` hands the reminder to a system of the creditor; ``call`` and
``litigation_file`` are tasks for a person."""


class CurrencyMinimum(Value, frozen=True, kw_only=True):
    """Amount that the items of a step must exceed in a currency, in minor units."""

    currency: str
    amount_minor: int


class AmountBand(Value, frozen=True, kw_only=True):
    """Band of a customer's open amount in a currency: ``from_minor`` included, ``below_minor`` not."""

    currency: str
    from_minor: int
    below_minor: int | None


class PaidLate(Value, frozen=True, kw_only=True):
    """Band of the share of invoices that a customer paid late, in percent: ``from_percent`` included, ``below`` not.

    Counted are the invoices that fell due in the twelve calendar months before the current one. One that is still open
    is late. With fewer than ``invoices`` of them the criterion is not met.
    """

    from_percent: int
    below_percent: int | None
    invoices: int


class Suspension(Value, frozen=True, kw_only=True):
    """Extent to which an open dispute, or a promise to pay, suspends steps."""

    dispute: Literal["share", "invoice", "customer"]
    """``share``: the amount in dispute. ``invoice``: all of the invoice. ``customer``: every invoice of the case."""
    promise: Literal["invoice", "customer"]
    """``invoice``: those that the promise names. ``customer``: every invoice of the case."""


class PolicyScope(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Cases that a policy is for. A criterion without values admits all; all criteria with values must be met."""

    entities: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """The customer needs one of them."""
    salespeople: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    fields: tuple[FieldValue, ...] = ()
    """Custom fields of the customer; several values of one field are alternatives."""
    open_amounts: tuple[AmountBand, ...] = ()
    invoice_amounts: tuple[AmountBand, ...] = ()
    """Bands of the open amount of an invoice. The case needs one open invoice that meets all criteria of invoices."""
    invoice_fields: tuple[FieldValue, ...] = ()
    """Custom fields of an invoice; several values of one field are alternatives."""
    invoice_series: tuple[str, ...] = ()
    """Number series of an invoice."""
    invoice_natures: tuple[Nature, ...] = ()
    """Nature of the operation that an invoice states."""
    paid_late: PaidLate | None = None
    grades: tuple[CreditGrade, ...] = ()
    """Grades of the customer by the payment model, as recorded."""


class StepApproval(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Approval that the message of a step needs before it leaves."""

    role: str
    """Role of the creditor's approval circuit whose approvers decide."""
    days: int
    """Days after the decision in which they may answer."""
    unanswered: Literal["decline", "send"]
    """Consequence if nobody answers."""
    above: tuple[CurrencyMinimum, ...] = ()
    """Amounts up to which a message needs no approval; in other currencies each one does."""


class PolicyStep(Value, frozen=True, kw_only=True, omit_defaults=True):
    """A step of a policy. ``offset_days`` counts from the due date, or from the step before it."""

    code: str
    offset_days: int
    counted_from: Literal["due_date", "previous_step"]
    act: DunningAct
    template: str
    """Template of the message; empty for a task."""
    interval_days: int
    """Minimum interval since the last step taken."""
    minimums: tuple[CurrencyMinimum, ...] = ()
    """Minimums of this step, where they are higher than those of the policy."""
    late_terms: Literal["template", "hidden"] = "template"
    """``hidden``: the message does not mention penalties and recovery fee, also where the template has their blocks."""
    approval: StepApproval | None = None


class ContactLimit(Value, frozen=True, kw_only=True):
    """Most messages to a customer in a number of days, those under other policies included."""

    messages: int
    days: int


class PolicyHours(Value, frozen=True, kw_only=True):
    """Time of day in which messages leave, by the clock of the addressee: ``HH:MM``, ``until_time`` not included."""

    from_time: str
    until_time: str
    time_zone: str | None
    """``None``: the one of the addressee's country."""


class PromiseTerms(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Limits of promises to pay, and the business days after the promised day that a payment may take to arrive."""

    grace_business_days: int = 1
    days_ahead_max: int | None = None
    """Longest time to a promised day."""
    per_invoice_max: int | None = None
    """Most promises for one invoice, those that ended included."""


class ThanksTerms(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Invoices paid in full for which the customer is thanked."""

    template: str
    after_reminder: bool = False
    """``True``: only for invoices about which there was a reminder."""
    minimums: tuple[CurrencyMinimum, ...] = ()
    """Amounts that the payments of the invoices must reach together; 0 in other currencies."""
    customers: tuple[str, ...] = ()
    """Customers who are thanked; none for all of the policy."""


class PolicyDocument(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Content of a version of a policy, all of it."""

    name: str
    description: str
    priority: int
    """Of the policies that a case meets, the one with the highest number is applied."""
    scope: PolicyScope
    steps: tuple[PolicyStep, ...]
    grouping: Literal["customer", "invoice", "payer", "group"]
    minimums: tuple[CurrencyMinimum, ...]
    formal_notice_interval_days: int
    acts_on: Literal["every_day", "business_days"]
    """``business_days``: those of the addressee's country."""
    contact_limit: ContactLimit | None = None
    suspended_by: Suspension | None = None
    """``None``: the share in dispute, and the invoices of a promise."""
    ends_after_days: int | None = None
    """Days past the due date after which an invoice takes no further step; ``None``: without an end."""
    promises: PromiseTerms | None = None
    hours: PolicyHours | None = None
    """``None``: a message leaves at any time; else on business days only, if steps are taken on these only."""
    thanks: ThanksTerms | None = None
    """``None``: nobody is thanked."""
