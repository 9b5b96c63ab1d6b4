"""Rules of alert rules and of acknowledgements."""

from __future__ import annotations

from dunning_svc.domain.alert.commands import AcknowledgeAlert, SetAlertRule, rule_id
from dunning_svc.domain.alert.state import Alert, AlertRule
from encours.contracts.events.dunning.alerts import AlertAcknowledged, AlertKind, AlertRuleSet
from encours.kernel.errors import Refusal

WITH_DAYS: frozenset[AlertKind] = frozenset({"near_due", "older_than", "age_zone", "reply_open"})
"""Kinds of rules that need a number of days."""
OF_CUSTOMERS: frozenset[AlertKind] = frozenset(
    {"near_due", "overdue", "older_than", "age_zone", "promise_broken", "reply_open"}
)
"""Kinds of rules about customers, whose collector can be told."""


class AlertRuleContradicts(Refusal):
    """The content of the rule does not fit its kind (422)."""

    code = "alert-rule-contradiction"
    title = "Alert rule contradicts itself"
    status = 422
    remedy = "Change the place named in `errors`; docs/alerts.md lists what each kind of rule takes."


def set_rule(state: AlertRule, cmd: SetAlertRule) -> list[AlertRuleSet]:
    """Put a rule in force, or out of it; no event if it is the one that is known.

    Raises :class:`AlertRuleContradicts`.
    """
    _check(cmd)
    event = AlertRuleSet(
        rule_id=rule_id(cmd.code),
        rule_code=cmd.code,
        kind=cmd.kind,
        days=cmd.days,
        until_days=cmd.until_days,
        minimums=cmd.minimums,
        recipients=cmd.recipients,
        language=cmd.language,
        active=cmd.active,
    )
    return [] if state.current == event else [event]


def _check(cmd: SetAlertRule) -> None:
    if (cmd.days is not None) != (cmd.kind in WITH_DAYS):
        detail = "needs a number of days" if cmd.kind in WITH_DAYS else "takes no number of days"
        raise AlertRuleContradicts(f"A rule of the kind {cmd.kind} {detail}.", "/days")
    if (cmd.until_days is not None) != (cmd.kind == "age_zone"):
        raise AlertRuleContradicts(
            "Rules of the kind age_zone, and no others, have a last day.", "/until_days"
        )
    if cmd.days is not None and cmd.until_days is not None and cmd.until_days < cmd.days:
        raise AlertRuleContradicts("The zone ends before it begins.", "/until_days")
    if cmd.minimums and cmd.kind not in OF_CUSTOMERS - {"reply_open"}:
        raise AlertRuleContradicts(f"A rule of the kind {cmd.kind} is about no amount.", "/minimums")
    for i, each in enumerate(cmd.recipients):
        named = each.kind in ("address", "webhook")
        if named != (each.target is not None):
            detail = "needs its address" if named else "is found by itself, without an address"
            raise AlertRuleContradicts(
                f"A recipient of the kind {each.kind} {detail}.", f"/recipients/{i}/target"
            )
        if not named and cmd.kind == "run_missed":
            detail = "A run is of all customers: name an address or a webhook."
            raise AlertRuleContradicts(detail, f"/recipients/{i}/kind")


def acknowledge(state: Alert, cmd: AcknowledgeAlert) -> list[AlertAcknowledged]:
    """Take note of an alert; no event if somebody has."""
    assert state.raised is not None
    if state.acknowledged is not None:
        return []
    customer_id = state.raised.customer_id
    return [AlertAcknowledged(alert_id=cmd.alert_id, customer_id=customer_id, note=cmd.note)]
