"""Rows about reminders and calls: what each asked for, and what came of it; never changed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from encours.contracts import Recorded
from encours.contracts.events.dunning.reminders import (
    ReminderFailed,
    ReminderRequested,
    ReminderSent,
    ReminderSuppressed,
    ReminderUnconfirmed,
    TaskCompleted,
    TaskOpened,
)
from encours.contracts.events.dunning.replies import (
    CarriedState,
    ReminderAnswered,
    ReminderBounced,
    ReminderDelivered,
    ReminderReadByDebtor,
    ReminderTracked,
)
from encours.contracts.events.dunning.template import SHIPPED_TONES, TemplateVersionSaved
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row

if TYPE_CHECKING:
    from encours.projection.rows import Key

AskingEvent = ReminderRequested | TaskOpened
TraceEvent = (
    ReminderSent
    | ReminderFailed
    | ReminderUnconfirmed
    | ReminderSuppressed
    | ReminderDelivered
    | ReminderReadByDebtor
    | ReminderBounced
    | ReminderAnswered
    | ReminderTracked
    | TaskCompleted
)
_OF_TASK = {"call": "phone", "litigation_file": "file"}
_CARRIED: Mapping[CarriedState, str] = {"accepted": "delivered", "refused": "bounced", "returned": "bounced"}
_OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "done": ("sent",),
    "other": ("sent",),
    "promised": ("sent", "answered"),
    "paid_says": ("sent", "answered"),
    "disputed": ("sent", "answered"),
    "no_answer": ("failed",),
    "wrong_contact": ("failed",),
}
"""Outcomes that a person states; with any other one the task was not carried out."""


class AskedReminder(Row, kw_only=True):
    """A message, or a call, that was decided. ``asked`` has ``<invoice> <amount>`` of each invoice that it asks for."""

    TABLE: ClassVar[str] = "reminder"
    KEY: ClassVar[tuple[str, ...]] = ("reminder_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(effective_on)",)
    reminder_id: str
    position: int
    effective_on: date
    entity: str
    customer_id: str
    currency: str
    channel: str
    step: str
    template: str
    policy: str
    """Policy and version."""
    experiment: str | None
    """Experiment and arm."""
    asked: list[str]

    @classmethod
    def of(cls, e: Recorded, data: AskingEvent) -> AskedReminder:
        """Return the row of an event."""
        message = data if isinstance(data, ReminderRequested) else None
        choice = data.basis.choice
        return cls(
            reminder_id=data.reminder_id if isinstance(data, ReminderRequested) else data.task_id,
            position=e.position,
            effective_on=e.effective_on,
            entity=e.entity,
            customer_id=data.customer_id,
            currency=data.currency,
            channel=data.channel if isinstance(data, ReminderRequested) else _OF_TASK[data.kind],
            step=data.step,
            template=message.template if message else "",
            policy=f"{data.basis.policy_id}/{data.basis.policy_version}",
            experiment=f"{choice.experiment_id}/{choice.arm}" if choice and choice.experiment_id else None,
            asked=[f"{item.invoice_id} {item.asked_minor}" for item in data.items if item.asked_minor > 0],
        )


class ReminderTrace(Row, kw_only=True):
    """Traces of a reminder that an event tells; none for a state that says nothing about its arrival."""

    TABLE: ClassVar[str] = "reminder_trace"
    KEY: ClassVar[tuple[str, ...]] = ("reminder_id", "position")
    reminder_id: str
    position: int
    effective_on: date
    traces: list[str]
    tone: str | None
    """Tone of the text that was sent."""

    @classmethod
    def of(cls, e: Recorded, data: TraceEvent, tone: str | None) -> ReminderTrace:
        """Return the row of an event."""
        return cls(
            reminder_id=_reminder_of(data),
            position=e.position,
            effective_on=e.effective_on,
            traces=list(traces_of(data)),
            tone=tone,
        )


class TemplateToneRow(Row, kw_only=True):
    """Tone of a version of a template. ``creditor_id`` is empty for one of the whole ledger."""

    TABLE: ClassVar[str] = "template_tone"
    KEY: ClassVar[tuple[str, ...]] = ("template_code", "template_language", "creditor_id", "template_version")
    template_code: str
    template_language: str
    creditor_id: str
    template_version: int
    tone: str

    @classmethod
    def of(cls, data: TemplateVersionSaved) -> TemplateToneRow:
        """Return the row of an event."""
        return cls(
            template_code=data.template_code,
            template_language=data.language,
            creditor_id=data.creditor_id or "",
            template_version=data.version,
            tone=data.tone,
        )


def trace_keys(data: TraceEvent) -> Iterator[tuple[type[Row], Key]]:
    """Yield the rows that :func:`add_trace` reads."""
    yield AskedReminder, (_reminder_of(data),)
    if (text := _own_text(data)) is not None:
        yield TemplateToneRow, text


def add_trace(e: Recorded, data: TraceEvent, rows: RowCache) -> None:
    """Write what an event tells about a reminder; nothing about a step that was never asked for, or another task."""
    if rows.get(AskedReminder, _reminder_of(data)) is None:
        return
    tone = None
    if (text := _own_text(data)) is not None:
        known = rows.get(TemplateToneRow, *text)
        tone = known.tone if known else None
    elif isinstance(data, ReminderSent) and data.message is not None:
        tone = SHIPPED_TONES.get(data.message.template_code)
    rows.put(ReminderTrace.of(e, data, tone))


def _reminder_of(data: TraceEvent) -> str:
    return data.task_id if isinstance(data, TaskCompleted) else data.reminder_id


def _own_text(data: TraceEvent) -> tuple[str, str, str, int] | None:
    """Return the key of the text that was sent, if it is one of the ledger's own."""
    text = data.message if isinstance(data, ReminderSent) else None
    if text is None or not text.template_version:
        return None
    return text.template_code, text.template_language, text.template_creditor_id or "", text.template_version


def traces_of(data: TraceEvent) -> tuple[str, ...]:
    """Return what an event tells about a reminder. A temporary failure is no bounce: the message may still arrive."""
    match data:
        case ReminderSent():
            return ("sent",)
        case ReminderFailed():
            return ("failed",)
        case ReminderUnconfirmed():
            return ("unconfirmed",)
        case ReminderSuppressed():
            return ("suppressed",)
        case ReminderDelivered():
            return ("delivered",)
        case ReminderReadByDebtor():
            return ("read",)
        case ReminderBounced():
            return ("bounced",) if data.permanent else ()
        case ReminderAnswered():
            return ("answered",)
        case ReminderTracked():
            return (_CARRIED[data.state],) if data.state in _CARRIED else ()
        case TaskCompleted():
            return _OUTCOMES.get(data.outcome, ("suppressed",))
