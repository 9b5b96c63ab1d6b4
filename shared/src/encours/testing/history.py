"""Events in their places, as readers of a ledger see them: positions and versions from 1, without gaps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from encours.contracts import Event, Recorded
from encours.contracts.events import aside, calendar
from encours.contracts.events.dunning.experiment import ExperimentCustomerAssigned
from encours.contracts.events.dunning.reminders import HoldPlaced, RunCompleted
from encours.kernel.ids import derived_id, with_prefix
from encours.ledger.states import Folder
from encours.testing.events import DAY

S = TypeVar("S")
ENTITY = "ent_1"
# By the first word of the type.
_SUBJECT = {
    "entity": "entity_id", "customer": "customer_id", "hold": "customer_id", "invoice": "invoice_id",
    "customer_ref": "customer_ref_id",
    "payment": "payment_id", "dispute": "dispute_id", "plan": "plan_id", "limit": "limit_id", "credit": "decision_id",
    "reminder": "reminder_id", "task": "task_id", "import": "import_id",
    "instrument": "instrument_id", "quote": "quote_id", "rate": "rate_id", "field": "field_id",
    "order": "order_id", "dispute_rules": "rules_id", "statement": "schedule_id",
    "recurring": "recurring_id", "index": "index_id", "review": "finding_id",
    "bank_account": "account_id", "bank_statement": "statement_id", "bank_line": "line_id",
    "virtual_iban": "virtual_iban_id",
    "remittance_advice": "advice_id", "policy": "policy_id", "experiment": "experiment_id", "template": "template_id",
    "allocation_policy": "allocation_policy_id", "promise": "promise_id", "reply": "reply_id",
    "reservation": "reservation_id", "credit_line": "credit_line_id",
    "order_billing": "order_billing_id", "order_credit": "order_credit_id",
    "collector": "collector_id",
    "placement": "placement_id",
    "thanks": "thanks_id", "title": "title_id",
    "alert_rule": "rule_id", "alert": "alert_id", "alert_digest": "digest_id",
    "credit_policy": "credit_policy_id", "credit_hold": "credit_hold_id", "payer_badge": "payer_badge_id",
    "guarantee": "guarantee_id",
    "score_model": "score_models_id", "score": "score_grade_id",
    "limit_formula": "limit_formula_id", "financials": "financials_id", "credit_review": "credit_review_id",
    "risk_terms": "risk_terms_id", "credit_fact": "credit_facts_id", "credit_comment": "credit_comments_id",
    "account_checklist": "account_checklist_id", "account_opening": "account_opening_id",
    "credit_warning": "credit_warning_id", "credit_warning_rules": "warning_rules_id",
    "insurance_contract": "insurance_contract_id", "insurance_cover": "cover_id",
    "insurance_deadline": "deadline_id", "provision_overlay": "provision_overlay_id",
    "figure": "figure_id",
    "report": "report_id",
    "turnover_plan": "turnover_plan_id",
    "schedule": "report_schedule_id",
    "report_mail": "mail_id",
}  # fmt: skip


def stream_of(event: Event) -> str:
    """The stream that the event's family goes to."""
    if isinstance(event, aside.EventSetAside):
        return aside.STREAM
    if isinstance(event, calendar.DayOpened):
        return calendar.STREAM
    if isinstance(event, RunCompleted):
        return f"dunning-{event.day}"
    if isinstance(event, ExperimentCustomerAssigned):
        return derived_id("exa", event.experiment_id, event.customer_id)
    stream: str = getattr(event, subject_of(event.TYPE))
    return with_prefix(stream, "hld") if isinstance(event, HoldPlaced) else stream


def subject_of(type_name: str) -> str:
    """The field with the id of the object that events of that type happen to."""
    return _SUBJECT[type_name.partition(".")[0]]


def recorded(event: Event, **noted: Any) -> Recorded:
    """The event alone, as the first of its ledger unless ``noted`` says otherwise."""
    number, stream = noted.get("position", 1), noted.get("stream") or stream_of(event)
    usual = {
        "ledger": "main", "position": number, "stream": stream, "version": number, "type": event.TYPE,
        "schema_version": event.VERSION, "entity": ENTITY, "event_id": UUID(int=number), "effective_on": DAY,
        "recorded_at": datetime(2026, 3, 31, tzinfo=UTC) + timedelta(seconds=number), "actor": "test",
        "command_id": UUID(int=2**64 + number), "data": event,
    }  # fmt: skip
    return Recorded(**(usual | noted))


@dataclass
class History:
    """A ledger in the making."""

    ledger: str = "main"
    entity: str = ENTITY
    today: date = DAY
    events: list[Recorded] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        event: Event,
        *,
        stream: str | None = None,
        on: date | None = None,
        entity: str | None = None,
        **noted: Any,
    ) -> Recorded:
        """The event behind the others; it counts today unless ``on`` says otherwise."""
        name = stream or stream_of(event)
        self.versions[name] = self.versions.get(name, 0) + 1
        place = {"position": len(self.events) + 1, "stream": name, "version": self.versions[name]}
        owned = {"ledger": self.ledger, "entity": entity or self.entity, "effective_on": on or self.today}
        self.events.append(recorded(event, **(place | owned | noted)))
        return self.events[-1]

    def of(self, stream: str) -> list[Recorded]:
        """Events of one stream."""
        return [e for e in self.events if e.stream == stream]


def happened(*events: Event, on: date = DAY, entity: str = ENTITY) -> list[Recorded]:
    """These events, one after the other, all on one day."""
    history = History(entity=entity, today=on)
    for event in events:
        history.add(event)
    return history.events


def folded(folder: Folder[S], *events: Event, on: date = DAY, entity: str = ENTITY) -> S:
    """The state after these events of one stream."""
    return folder.fold(happened(*events, on=on, entity=entity))


def types_of(events: Iterable[Recorded]) -> list[str]:
    """Stored names, in order."""
    return [e.type for e in events]
