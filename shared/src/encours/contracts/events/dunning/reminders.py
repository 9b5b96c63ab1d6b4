"""Reminders, tasks and runs. Appended by dunning-svc.

Streams: the reminder id, the task id, and ``dunning-<day>`` for the run of a day. A decision has the same
digits as the reminder or task that it led to, under the prefix ``dec_``.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from encours.contracts.base import Event, Upcaster, Value
from encours.contracts.events.dunning.experiment import Arm
from encours.contracts.events.dunning.together import DunnedDebtor, PolicyApart

Channel = Literal["email", "phone", "letter", "registered_letter", "file", "sms", "webhook"]
"""``phone`` and ``file`` (the litigation file) are work for a person: they lead to tasks, never to messages."""

SuppressionCause = Literal[
    "covered_by_credit",
    "fully_disputed",
    "on_plan",
    "instrument_in_hand",
    "insolvency",
    "no_address",
    "customer_on_hold",
    "paid_meanwhile",
    "changed_meanwhile",
    "other_policy_meanwhile",
    "below_floor",
    "earlier_step",
    "formal_notice_recent",
    "formal_step_apart",
    "contact_limit",
    "policy_changed",
    "promised",
    "suspended_by_dispute",
    "suspended_by_promise",
    "ladder_ended",
    "placed",
    "declined",
    "not_approved",
]
"""Cause against a step. ``earlier_step``: the one before it was not taken, or was taken too few days ago.
``formal_step_apart``: the formal notice or litigation file of the day is for other invoices only.
``contact_limit``: the customer has had as many messages as the policy allows.
``insolvency``: proceedings of the debtor stay the claim (:mod:`encours.contracts.insolvency`).
``policy_changed``: it was due before the policy was applied to the customer, and is not made up for.
``other_policy_meanwhile``: since the decision another policy, or another version, applies to the customer.
``promised``: the debtor promised to pay by a day that has not passed, with its days of grace.
``suspended_by_dispute``, ``suspended_by_promise``: by the policy, a dispute of part of the invoice suspends all of it,
or one about another invoice of the case does; likewise a promise. ``ladder_ended``: the invoice has been due for longer
than the policy takes steps.
``placed``: a third party collects the invoice, or an officer in the procedure for a title.
``declined``, ``not_approved``: the step needs an approval, which a person refused, or nobody gave in time."""


class LateTerms(Value, frozen=True, kw_only=True):
    """Consequences of paying late by the terms that an invoice was issued under."""

    penalty_rate_bps: int | None
    """Contractual yearly rate in hundredths of a percent; ``None`` is the legal default rate."""
    indemnity_minor: int
    """Flat recovery fee, in the invoice's currency."""


class SuppressedStep(Value, frozen=True, kw_only=True):
    """A due step of an invoice that is not taken, and the cause."""

    invoice_id: str
    number: str
    step: str
    cause: SuppressionCause


def _of_version_2(fields: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had neither suppressed steps nor the terms of the items."""
    return fields | {"suppressed": (), "items": [item | {"terms": None} for item in fields["items"]]}


class DunnedItem(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Share of one invoice in a message, as the decision saw it."""

    invoice_id: str
    invoice_version: int
    number: str
    due_on: date
    days_past_due: int
    open_minor: int
    disputed_minor: int
    asked_minor: int
    """Open less disputed, planned, in hand, later, stayed and placed; 0 for one that the message only announces."""
    step: str
    """The step of the ladder that this invoice takes with this message; empty where it is only listed."""
    terms: LateTerms | None
    """``None`` in decisions under earlier policies."""
    planned_minor: int = 0
    """Part on a payment plan in force, for which nobody asks."""
    in_hand_minor: int = 0
    """Part for which cheques, bills and notes are in hand, for which nobody asks either."""
    later_minor: int = 0
    """Instalments that are not due yet."""
    stayed_minor: int = 0
    """Rest that insolvency proceedings of the debtor stay."""
    placed_minor: int = 0
    """Rest that a third party collects."""
    customer_id: str | None = None
    """Debtor, where a decision is about several customers."""


class PolicyAlsoMet(Value, frozen=True, kw_only=True):
    """Another policy in force whose criteria the case meets, and that comes after the one applied."""

    policy_id: str
    policy_version: int
    name: str
    priority: int


class PolicyChoice(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Grounds on which a policy was applied to a case: the highest priority, then the most criteria."""

    priority: int
    criteria: tuple[str, ...]
    """Names of the criteria that the case meets; none for a policy that is for all."""
    since: date
    """Day from which on the policy is applied to the case: steps due before it are history."""
    also_met: tuple[PolicyAlsoMet, ...]
    experiment_id: str | None = None
    """Experiment that the case is in: its policy is the one of ``arm``."""
    arm: Arm | None = None
    apart: tuple[PolicyApart, ...] = ()


class DecisionBasis(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Basis of a decision: the policy in force, the state and the events that it was taken on."""

    policy_id: str
    policy_version: int
    position: int
    """The ledger position that the decision saw; its last event opened the day."""
    input_events: tuple[int, ...]  # positions of the events that the items and credits came from
    choice: PolicyChoice | None = None
    """``None`` where the default policy was applied because the ledger had no other one for the case."""
    earlier_days: int = 0  # by which the first reminder came earlier, by accepted terms of the customer


class SendingHours(Value, frozen=True, kw_only=True):
    """Hours in which a message may leave, by the clock of a time zone: ``HH:MM``, ``until_time`` not included."""

    from_time: str
    until_time: str
    time_zone: str
    business_days_of: str | None
    """Country on whose business days it leaves only; ``None``: on every day."""


class AwaitedApproval(Value, frozen=True, kw_only=True):
    """Approval that a message waits for."""

    role: str
    until: date
    """Last day for an answer."""
    unanswered: Literal["decline", "send"]


class ReminderRequested(Event, frozen=True, kw_only=True, omit_defaults=True):
    """One message to one customer for everything that is due, to be sent through a channel."""

    TYPE: ClassVar[str] = "reminder.requested"
    VERSION: ClassVar[int] = 2
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: _of_version_2}
    reminder_id: str
    decision_id: str
    customer_id: str
    day: date
    channel: Channel
    step: str
    template: str
    language: str
    currency: str
    items: tuple[DunnedItem, ...]
    credit_minor: int
    """Unapplied cash of the customer, shown and deducted."""
    amount_minor: int
    """Amount that the message asks for: the items less the credit, in minor units."""
    superseded: tuple[str, ...]
    """Lower steps that this one makes needless, as ``<invoice id>:<step>``."""
    basis: DecisionBasis
    suppressed: tuple[SuppressedStep, ...]
    """Due steps that are not taken on the day, besides those of ``items``."""
    addressee_id: str | None = None
    """Customer that pays and is written to, if it is not the debtor."""
    late_terms_hidden: bool = False
    """True if the message does not mention penalties and recovery fee, by the step of the policy."""
    hours: SendingHours | None = None
    """``None``: it leaves at any time."""
    approval: AwaitedApproval | None = None
    """Set for a proposal: it leaves once a ``task.completed`` gives the approval."""
    grouping: Literal["customer", "invoice", "payer", "group"] = "customer"
    """``invoice``: a message of its own for each invoice. ``payer``, ``group``: one for several customers."""
    debtors: tuple[DunnedDebtor, ...] = ()


class ReminderSuppressed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A reminder that was decided against, at the decision or just before it would have left."""

    TYPE: ClassVar[str] = "reminder.suppressed"
    VERSION: ClassVar[int] = 2
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: _of_version_2}
    reminder_id: str
    decision_id: str
    customer_id: str
    day: date
    channel: Channel
    step: str
    currency: str
    items: tuple[DunnedItem, ...]
    credit_minor: int
    amount_minor: int
    cause: SuppressionCause
    basis: DecisionBasis
    suppressed: tuple[SuppressedStep, ...]
    """Due steps that are not taken on the day, besides those of ``items``."""
    because: tuple[int, ...] = ()
    """At dispatch: positions of the events after the decision that changed what it rested on."""
    text: str | None = None
    """Reason that the person gave who declined it."""
    debtors: tuple[DunnedDebtor, ...] = ()


class MessageProof(Value, frozen=True, kw_only=True):
    """Text and content of a message that was handed over: with the ledger they give the same message again."""

    addressee_id: str
    """Customer whose name the message has."""
    template_code: str
    template_language: str
    template_creditor_id: str | None
    """Creditor whose own template it was; ``None`` for one of the whole ledger or a shipped one."""
    template_version: int
    """0 for a template that Encours ships."""
    source_hash: str
    """``sha256:`` and the digest of the template's subject and text."""
    snapshot_hash: str
    """The same of all values that the message was made of, as canonical JSON."""
    content_hash: str
    """The same of subject, plain text and HTML."""
    position: int
    """Ledger position up to which customer, creditor and template were read."""


class ReminderSent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The channel accepted it: the mail server took the message, or the letter file was written."""

    TYPE: ClassVar[str] = "reminder.sent"
    reminder_id: str
    customer_id: str
    channel: Channel
    message_id: str
    evidence: str
    message: MessageProof | None = None
    """``None`` in events of earlier releases, and where what was handed over is not known exactly."""


class ReminderFailed(Event, frozen=True, kw_only=True):
    """The channel refused it for good."""

    TYPE: ClassVar[str] = "reminder.failed"
    reminder_id: str
    customer_id: str
    channel: Channel
    message_id: str
    evidence: str


class ReminderUnconfirmed(Event, frozen=True, kw_only=True):
    """The process ended between handing over and hearing back: a person decides, nothing is sent again."""

    TYPE: ClassVar[str] = "reminder.unconfirmed"
    reminder_id: str
    customer_id: str
    channel: Channel
    message_id: str


class TaskOpened(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Work for a person, such as a call. A task that nobody does never freezes the ladder."""

    TYPE: ClassVar[str] = "task.opened"
    VERSION: ClassVar[int] = 2
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: _of_version_2}
    task_id: str
    decision_id: str
    customer_id: str
    day: date
    kind: Literal["call", "litigation_file"]
    step: str
    currency: str
    items: tuple[DunnedItem, ...]
    credit_minor: int
    amount_minor: int
    superseded: tuple[str, ...]
    basis: DecisionBasis
    suppressed: tuple[SuppressedStep, ...]
    """Due steps that are not taken on the day, besides those of ``items``."""
    debtors: tuple[DunnedDebtor, ...] = ()


class TaskRaised(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Work for a person that follows from something other than a step of the ladder."""

    TYPE: ClassVar[str] = "task.raised"
    task_id: str
    customer_id: str
    day: date
    kind: Literal[
        "address",
        "reply",
        "unserved",
        "insolvency_claim",
        "placement",
        "approval",
        "call",
        "payment",
        "dispute",
        "title",
        "other",
    ]
    """``address``: find another address or contact. ``reply``: answer what the debtor says. ``unserved``: the run of
    the day could not decide about the customer. ``insolvency_claim``: declare claims in insolvency proceedings.
    ``payment``: find the payment that the debtor says it has made. ``dispute``: examine the objection, and open a
    dispute. ``placement``: tell a partner what happened to a placed invoice. ``approval``: approve or decline the
    message of a step. ``title``: a step of a title procedure is due. ``other``: the cause says it."""
    cause: str
    """Reason in words, such as the sentence of the debtor."""
    currency: str | None
    amount_minor: int
    invoice_ids: tuple[str, ...]
    reminder_id: str | None
    reply_id: str | None
    due_on: date | None = None
    """Day by which the work is to be done; ``None`` for the day on which the task was raised."""
    follows_id: str | None = None
    """Task whose outcome it follows from."""
    owner: str | None = None
    """Code of the collector to whom it was given; ``None`` for the customer's collector."""


class GivenApproval(Value, frozen=True, kw_only=True):
    """Answer to a message that waits for an approval."""

    reminder_id: str
    invoice_ids: tuple[str, ...]
    """Invoices that take a step with it."""
    role: str
    in_place_of: str | None
    """Actor that the approver substitutes."""


class TaskCompleted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Outcome of the task."""

    TYPE: ClassVar[str] = "task.completed"
    task_id: str
    customer_id: str
    outcome: str
    """``done``, ``promised``, ``paid_says``, ``disputed``, ``no_answer``, ``wrong_contact`` or ``other`` by a person,
    ``approved`` or ``declined`` of an approval; ``replaced``, ``proceedings_void``, ``unanswered``, ``sent_unanswered``
    or ``withdrawn`` without one; any text in events of earlier releases."""
    text: str | None
    paid_on: date | None = None
    """Day on which the debtor says that it has paid."""
    promise_id: str | None = None
    further_promise_ids: tuple[str, ...] = ()
    follow_up_id: str | None = None
    """Promises that were made in the same command, the further ones by other debtors, or the task that was raised."""
    approval: GivenApproval | None = None
    """Of an approval that was ``approved``, ``declined`` or ``sent_unanswered``."""


class HoldPlaced(Event, frozen=True, kw_only=True):
    """Dunning of a customer rests until a date, for a reason."""

    TYPE: ClassVar[str] = "hold.placed"
    customer_id: str
    until: date
    cause: str


class RunCompleted(Event, frozen=True, kw_only=True):
    """The ladders of a day have been decided and what they sent has been answered for."""

    TYPE: ClassVar[str] = "reminder.run_completed"
    day: date
    requested: int
    suppressed: int
    tasks: int
    pending: int
    """Messages that had no outcome yet when the run was closed (a mail server that is down)."""
