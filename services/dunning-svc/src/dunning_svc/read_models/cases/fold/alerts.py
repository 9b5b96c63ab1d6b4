"""Alert rules, alerts, digests and cash targets: the fold."""

from __future__ import annotations

from msgspec.structs import replace

from dunning_svc.read_models.cases.rows.access import Rows, existing
from dunning_svc.read_models.cases.rows.alerts import (
    AlertDigestRow,
    AlertRow,
    AlertRuleRow,
    CollectorTargetRow,
)
from encours.contracts import Recorded, encode
from encours.contracts.events.dunning.alerts import (
    AlertAcknowledged,
    AlertDigestFailed,
    AlertDigestRequested,
    AlertDigestSent,
    AlertDigestUnconfirmed,
    AlertRaised,
    AlertRuleSet,
)
from encours.contracts.events.dunning.collectors import CollectorTargetSet

AlertEvent = AlertRuleSet | AlertRaised | AlertAcknowledged | CollectorTargetSet
DigestOutcome = AlertDigestSent | AlertDigestFailed | AlertDigestUnconfirmed
DigestEvent = AlertDigestRequested | DigestOutcome


def alert_changed(e: Recorded, data: AlertEvent, rows: Rows) -> None:
    """Store a rule, a target, an alert, or that a person has taken note of it."""
    match data:
        case AlertRuleSet():
            rows.put(
                AlertRuleRow(
                    rule_code=data.rule_code,
                    position=e.position,
                    recorded_on=e.effective_on,
                    document=encode(data).decode(),
                )
            )
        case CollectorTargetSet():
            rows.put(
                CollectorTargetRow(
                    collector_code=data.collector_code,
                    month=data.month,
                    currency=data.currency,
                    position=e.position,
                    recorded_on=e.effective_on,
                    amount_minor=data.amount_minor,
                )
            )
        case AlertRaised():
            rows.put(
                AlertRow(
                    alert_id=data.alert_id,
                    rule_code=data.rule_code,
                    subject=data.subject,
                    threshold=data.threshold,
                    customer_id=data.customer_id,
                    entity_id=e.entity,
                    day=data.day,
                    position=e.position,
                    document=encode(data).decode(),
                )
            )
        case AlertAcknowledged():
            row = existing(rows, AlertRow, data.alert_id)
            rows.put(
                replace(row, acknowledged_position=e.position, acknowledged_on=e.effective_on, note=data.note)
            )


def digest_changed(e: Recorded, data: DigestEvent, rows: Rows) -> None:
    """Store a digest, or its outcome."""
    if isinstance(data, AlertDigestRequested):
        rows.put(
            AlertDigestRow(
                digest_id=data.digest_id, day=data.day, position=e.position, document=encode(data).decode()
            )
        )
        return
    row = existing(rows, AlertDigestRow, data.digest_id)
    rows.put(replace(row, status=data.TYPE.rpartition(".")[2]))
