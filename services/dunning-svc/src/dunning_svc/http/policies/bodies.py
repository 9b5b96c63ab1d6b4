"""Bodies of policies."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from dunning_svc.domain.policy.commands import ActivatePolicy, RetirePolicy, WritePolicy
from dunning_svc.domain.policy.written import (
    DEFAULT_APPROVAL_DAYS,
    DEFAULT_INVOICES,
    THANKS_TEMPLATE,
    document_of,
)
from dunning_svc.http.identifiers import CustomerId, EntityId, TemplateCode
from encours.contracts.common import Nature
from encours.contracts.events.dunning.document import DunningAct
from encours.contracts.events.score import CreditGrade
from encours.http.models import Body, Country, Currency, LongText, ShortText


def _as_text(value: Any) -> Any:
    """Take a whole number of YAML, such as 500, as the text of an amount."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Amount = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(pattern=r"^[0-9]{1,13}(\.[0-9]{1,3})?$"),
    Field(examples=["5.00"]),
]
Minimums = Annotated[dict[Currency, Amount], Field(max_length=200)]
StepCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9+._-]{0,19}$")]
Days = Annotated[int, Field(ge=0, le=365, strict=True)]
FieldCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
_MANY = 1_000


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("Write the name of a time zone such as Europe/Paris.")
    return value


ZoneName = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)]
CustomFields = Annotated[
    dict[FieldCode, Annotated[list[ShortText], Field(min_length=1, max_length=_MANY)]], Field(max_length=50)
]


class OpenAmountBody(Body):
    """Band of an open amount: `from` included, `below` not."""

    from_: Amount = Field(default="0", alias="from")
    below: Amount | None = None


class PaidLateBody(Body):
    """Band of the share of invoices paid late, in percent: `from` included, `below` not.

    Counted are invoices that fell due in the twelve calendar months before the current one; open ones are late.
    """

    from_: Annotated[int, Field(ge=0, le=100, strict=True)] = Field(default=0, alias="from")
    below: Annotated[int, Field(ge=1, le=100, strict=True)] | None = None
    invoices: Annotated[int, Field(ge=1, le=1_000, strict=True)] = Field(
        default=DEFAULT_INVOICES, description="Fewest invoices to judge a customer by."
    )


class SuspensionBody(Body):
    """Extent to which a dispute and a promise suspend steps."""

    dispute: Literal["share", "invoice", "customer"] = Field(
        default="share",
        description="`share`: the amount in dispute. `invoice`: all of the invoice. `customer`: every invoice of the "
        "customer at the creditor in the currency.",
    )
    promise: Literal["invoice", "customer"] = Field(
        default="invoice", description="`invoice`: those that it names. `customer`: every invoice, as above."
    )


class CustomerScopeBody(Body):
    """Criteria that ask for a customer. One that is left out admits all; all criteria named must be met."""

    entities: Annotated[list[EntityId], Field(max_length=_MANY)] = Field(default=[])
    countries: Annotated[list[Country], Field(max_length=_MANY)] = Field(
        default=[], description="Countries of the customer."
    )
    currencies: Annotated[list[Currency], Field(max_length=_MANY)] = Field(default=[])
    segments: Annotated[list[ShortText], Field(max_length=_MANY)] = Field(default=[])
    tags: Annotated[list[ShortText], Field(max_length=_MANY)] = Field(
        default=[], description="The customer needs one of them."
    )
    salespeople: Annotated[list[ShortText], Field(max_length=_MANY)] = Field(default=[])
    customers: Annotated[list[CustomerId], Field(max_length=_MANY)] = Field(
        default=[], description="Single customers."
    )
    fields: CustomFields = Field(
        default={}, description="Custom fields of the customer, each with the values that admit it."
    )
    open_amounts: Annotated[dict[Currency, OpenAmountBody], Field(max_length=200)] = Field(
        default={}, description="Bands of all that the customer owes the creditor in the currency."
    )


class ScopeBody(CustomerScopeBody):
    """Cases that a policy is for. A criterion that is left out admits all; all criteria named must be met."""

    invoice_amounts: Annotated[dict[Currency, OpenAmountBody], Field(max_length=200)] = Field(
        default={},
        description="Bands of the open amount of an invoice. The customer needs one open invoice that meets all "
        "criteria of invoices: this one, `invoice_fields`, `invoice_series` and `invoice_natures`.",
    )
    invoice_fields: CustomFields = Field(
        default={}, description="Custom fields of an invoice, each with the values that admit it."
    )
    invoice_series: Annotated[list[ShortText], Field(max_length=_MANY)] = Field(
        default=[], description="Number series of an invoice."
    )
    invoice_natures: Annotated[list[Nature], Field(max_length=3)] = Field(
        default=[], description="Nature of the operation that an invoice states."
    )
    paid_late: PaidLateBody | None = None
    grades: Annotated[list[CreditGrade], Field(max_length=5)] = Field(
        default=[],
        description="Grades of the customer by the payment model of risk-svc. One without a grade meets none.",
    )


class StepApprovalBody(Body):
    """Approval that the message of a step needs before it leaves."""

    role: ShortText = Field(
        description="Role of the creditor's approval circuit, `PUT /v1/entities/{id}/approval` of invoice-svc.",
        examples=["credit_manager"],
    )
    above: Minimums = Field(
        default={},
        description="Amounts up to which a message needs none; without an amount in its currency each one does.",
    )
    days: Annotated[int, Field(ge=1, le=60, strict=True)] = Field(
        default=DEFAULT_APPROVAL_DAYS,
        description="Days for the answer after the decision; they end before the next step is due.",
    )
    unanswered: Literal["decline", "send"] = Field(
        default="decline",
        description="Without an answer the step counts as declined, and the next one follows; or the message leaves.",
    )


class StepBody(Body):
    """A step of a policy."""

    code: StepCode = Field(description="Unique in the policy.", examples=["J+30"])
    offset_days: Annotated[int, Field(ge=-60, le=1_000, strict=True)] = Field(
        description="Days from the due date, negative before it; or from the step before."
    )
    counted_from: Literal["due_date", "previous_step"] = "due_date"
    act: DunningAct = Field(
        description="`registered_letter` is a formal notice; `call` and `litigation_file` are tasks; `webhook` hands "
        "the reminder to a system of yours."
    )
    template: TemplateCode | None = Field(
        default=None,
        description="Code of a template of `GET /v1/templates` that is for the act. Of those that are shipped, "
        "`penalties` and `formal_notice` show penalties and recovery fee.",
        examples=["first"],
    )
    interval_days: Days | None = Field(
        default=None,
        description="Minimum interval since the last step taken; if left out 7 days, or the distance to the step "
        "before if that is less.",
    )
    minimums: Minimums = Field(default={}, description="Minimum amounts of this step that are higher.")
    late_terms: Literal["template", "hidden"] = Field(
        default="template",
        description="`hidden`: the message does not mention penalties and recovery fee, whatever its template has.",
    )
    approval: StepApprovalBody | None = Field(
        default=None, description="The message leaves without one if left out."
    )


class ContactLimitBody(Body):
    """Most messages to a customer in a number of days, under all policies."""

    messages: Annotated[int, Field(ge=1, le=100, strict=True)]
    days: Annotated[int, Field(ge=1, le=365, strict=True)]


class HoursBody(Body):
    """Time of day in which messages leave, by the addressee's clock."""

    from_: TimeOfDay = Field(alias="from", examples=["09:00"])
    until: TimeOfDay = Field(
        description="Not included; at least two hours later. `24:00` is the end of the day.",
        examples=["17:30"],
    )
    time_zone: ZoneName | None = Field(
        default=None,
        description="IANA name; that of the addressee's country if left out, of a country with several the one of "
        "most of its people.",
        examples=["America/Los_Angeles"],
    )


class PromiseTermsBody(Body):
    """Limits of promises to pay."""

    grace_business_days: Annotated[int, Field(ge=0, le=30, strict=True)] = Field(
        default=1,
        description="Business days of the payer's country after the promised day, for the payment to arrive.",
    )
    days_ahead_max: Annotated[int, Field(ge=1, le=366, strict=True)] | None = Field(
        default=None, description="Longest time to a promised day."
    )
    per_invoice_max: Annotated[int, Field(ge=1, le=100, strict=True)] | None = Field(
        default=None, description="Most promises for one invoice, those that ended included."
    )


class ThanksTermsBody(Body):
    """Thank-you by e-mail for invoices that the customer has paid in full. Without it nobody is thanked."""

    template: TemplateCode = Field(
        default=THANKS_TEMPLATE,
        description="Template for thank-yous. Shipped are `thanks_cordial`, `thanks` and `thanks_firm`.",
    )
    after_reminder: bool = Field(
        default=False, description="Only for invoices about which there was a reminder."
    )
    minimums: Minimums = Field(
        default={},
        description="Per currency, the amount that the payments of the invoices must reach together.",
    )
    customers: Annotated[list[CustomerId], Field(max_length=_MANY)] = Field(
        default=[], description="Only these customers; without any, all that the policy is for."
    )


class PolicyBody(Body):
    """Document of a policy."""

    name: ShortText
    description: LongText | None = None
    priority: Annotated[int, Field(ge=1, le=1_000, strict=True)] = Field(
        description="Of the policies that a case meets, the one with the highest number is applied."
    )
    applies_to: ScopeBody = ScopeBody()
    steps: Annotated[list[StepBody], Field(min_length=1, max_length=30)]
    grouping: Literal["customer", "invoice", "payer", "group"] = Field(
        default="customer",
        description="`customer`: one message per customer, creditor and currency, to its payer, with all that is due. "
        "`invoice`: one for each invoice, in a thread of its own. `payer`: one to the payer for all customers that it "
        "pays for, per creditor and currency; `group`: one to the head of the group for all customers of it.",
    )
    minimums: Minimums = Field(
        description="Per currency, the amount that the items of a step must exceed together; 0 for other currencies."
    )
    formal_notice_interval_days: Days = Field(
        default=30, description="Minimum interval between two formal notices to a customer."
    )
    acts_on: Literal["every_day", "business_days"] = Field(
        default="every_day", description="Business days are those of the addressee's country."
    )
    contact_limit: ContactLimitBody | None = None
    suspended_by: SuspensionBody = SuspensionBody()
    ends_after_days: Annotated[int, Field(ge=1, le=3_650, strict=True)] | None = Field(
        default=None, description="Days past the due date after which an invoice takes no further step."
    )
    promises: PromiseTermsBody | None = None
    hours: HoursBody | None = Field(
        default=None,
        description="Messages leave at any time if left out. With `acts_on: business_days` they leave on these only.",
    )
    thanks: ThanksTermsBody | None = None

    def to_command(self, policy_id: str) -> WritePolicy:
        """Return the command. Raises ``Invalid`` for an amount that the currency does not have."""
        plain = self.model_dump(by_alias=True, exclude_none=True)
        return WritePolicy(policy_id, document_of(plain))


class ActivateBody(Body):
    """The version to put in force, and the grounds."""

    version: Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
    backtest_id: ShortText | None = Field(
        default=None,
        description="A back-test of the version, completed today or yesterday. Without one, give `without_backtest`.",
    )
    reason: LongText | None = Field(default=None, examples=["Agreed with the sales managers"])
    without_backtest: LongText | None = Field(
        default=None, description="Reason for naming no back-test.", examples=["New ledger without a past"]
    )

    def to_command(self, policy_id: str) -> ActivatePolicy:
        """Return the command."""
        return ActivatePolicy(policy_id, self.version, self.backtest_id, self.reason, self.without_backtest)


class RetireBody(Body):
    """The reason for which no version stays in force."""

    reason: LongText

    def to_command(self, policy_id: str) -> RetirePolicy:
        """Return the command."""
        return RetirePolicy(policy_id, self.reason)
