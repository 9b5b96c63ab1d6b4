"""Alert rules, alerts, digests and cash targets in the read model `cases`."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class AlertRuleRow(Row, kw_only=True):
    """A version of a rule, never changed; ``document`` is the payload of its event."""

    TABLE: ClassVar[str] = "alert_rule"
    KEY: ClassVar[tuple[str, ...]] = ("rule_code", "position")

    rule_code: str
    position: int
    recorded_on: date
    document: str


class AlertRow(Row, kw_only=True):
    """An alert; ``document`` is the payload of its first event."""

    TABLE: ClassVar[str] = "alert"
    KEY: ClassVar[tuple[str, ...]] = ("alert_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(position)", "(customer_id, position)", "(rule_code, subject)")

    alert_id: str
    rule_code: str
    subject: str
    threshold: str
    customer_id: str | None
    entity_id: str
    day: date
    position: int
    document: str
    acknowledged_position: int | None = None
    acknowledged_on: date | None = None
    note: str | None = None


class AlertDigestRow(Row, kw_only=True):
    """A digest without an outcome, or with it."""

    TABLE: ClassVar[str] = "alert_digest"
    KEY: ClassVar[tuple[str, ...]] = ("digest_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(position) where status = 'requested'",)

    digest_id: str
    day: date
    position: int
    document: str
    status: str = "requested"


class CollectorTargetRow(Row, kw_only=True):
    """A cash target of a collector for a month, never changed; the last one counts."""

    TABLE: ClassVar[str] = "collector_target"
    KEY: ClassVar[tuple[str, ...]] = ("collector_code", "month", "currency", "position")

    collector_code: str
    month: date
    currency: str
    position: int
    recorded_on: date
    amount_minor: int
