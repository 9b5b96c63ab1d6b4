"""Objects that meet an alert rule on a day and were not alerted at its threshold before."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dunning_svc.read_models.cases.rows.access import positions, select
from dunning_svc.read_models.cases.rows.alerts import AlertRuleRow
from dunning_svc.read_models.cases.rows.promises import PromiseRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.cases.rows.reminders import RunRow
from dunning_svc.read_models.cases.rows.replies import ReplyRow
from encours.contracts import decode
from encours.contracts.events.dunning.alerts import AlertRuleSet
from encours.projection.read_model import Conn

AT_ONCE = 1_000
"""Most alerts of a rule on a day; the others follow on the next days."""
_EVIDENCE_MAX = 20


@dataclass(frozen=True, slots=True)
class AlertCandidate:
    """An object that meets a rule. Amount in minor units."""

    subject: str
    threshold: str
    entity_id: str
    customer_id: str | None = None
    number: str | None = None
    on: date | None = None
    currency: str | None = None
    amount_minor: int = 0
    evidence: tuple[int, ...] = ()
    collector: str | None = None


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """An active rule, and the position of its first version: what happened before it is no news."""

    rule: AlertRuleSet
    since: int


async def rules_in_force(conn: Conn, schema: str) -> list[RuleInForce]:
    """Return the active rules by code."""
    rows = await select(conn, schema, AlertRuleRow, "order by rule_code, position")
    since: dict[str, int] = {}
    current: dict[str, AlertRuleSet] = {}
    for row in rows:
        since.setdefault(row.rule_code, row.position)
        current[row.rule_code] = rule_of(row.document)
    return [RuleInForce(rule, since[code]) for code, rule in current.items() if rule.active]


def rule_of(document: str) -> AlertRuleSet:
    """Return the rule of a row."""
    data = decode(AlertRuleSet.TYPE, AlertRuleSet.VERSION, document.encode())
    assert isinstance(data, AlertRuleSet)
    return data


async def candidates(
    conn: Conn, schema: str, found: RuleInForce, day: date, behind: Mapping[str, int]
) -> list[AlertCandidate]:
    """Return what meets a rule about invoices, promises, replies or runs on a day of the ledger.

    ``behind``: the creditors at whose places it is another day, with the days by which theirs is behind. Their invoices
    and replies are judged by it.
    """
    rule = found.rule
    match rule.kind:
        case "near_due" | "overdue" | "older_than" | "age_zone":
            return await _invoices(conn, schema, rule, day, behind)
        case "promise_broken":
            return await _promises(conn, schema, found)
        case "reply_open":
            return await _replies(conn, schema, rule, day, behind)
        case "run_missed":
            return await _runs(conn, schema, found, day)
        case "target_missed":
            return []


def due_between(rule: AlertRuleSet, day: date) -> tuple[date, date]:
    """Return the first and the last due date of the invoices that a rule is about on a day."""
    days, until = timedelta(days=rule.days or 0), timedelta(days=rule.until_days or 0)
    match rule.kind:
        case "near_due":
            return day, day + days
        case "age_zone":
            return day - until, day - days
        case _:
            return date.min, day - days - timedelta(days=1)


def threshold_of(rule: AlertRuleSet) -> str:
    """Return the threshold of a rule, without what an object was judged by."""
    return " ".join(str(each) for each in (rule.kind, rule.days, rule.until_days) if each is not None)


_NEW = """not exists (select from {schema}.alert a where a.rule_code = {code} and a.subject = {subject}
                 and a.threshold = {threshold})"""


_BEHIND = "coalesce(({behind}::jsonb ->> entity_id)::int, 0)"


async def _invoices(
    conn: Conn, schema: str, rule: AlertRuleSet, day: date, behind: Mapping[str, int]
) -> list[AlertCandidate]:
    first, last = due_between(rule, day)
    minimums = {each.currency: each.amount_minor for each in rule.minimums}
    new = _NEW.format(schema=schema, code="$3", subject="i.invoice_id", threshold="$4 || ' ' || i.due_on")
    threshold = threshold_of(rule)
    rows = await select(
        conn,
        schema,
        ItemRow,
        f"""i where open_minor > 0 and due_on + {_BEHIND.format(behind="$6")} between $1 and $2 and {new}
               and open_minor - disputed_minor >= greatest(coalesce(($5::jsonb ->> currency)::bigint, 1), 1)
             order by due_on, invoice_id limit {AT_ONCE}""",
        first,
        last,
        rule.rule_code,
        threshold,
        json.dumps(minimums),
        json.dumps(behind),
    )
    return [
        AlertCandidate(
            subject=row.invoice_id,
            threshold=f"{threshold} {row.due_on}",
            entity_id=row.entity_id,
            customer_id=row.customer_id,
            number=row.number,
            on=row.due_on,
            currency=row.currency,
            amount_minor=row.open_minor - row.disputed_minor,
            evidence=positions(row.events)[-_EVIDENCE_MAX:],
        )
        for row in rows
    ]


async def _promises(conn: Conn, schema: str, found: RuleInForce) -> list[AlertCandidate]:
    rule = found.rule
    minimums = {each.currency: each.amount_minor for each in rule.minimums}
    threshold = threshold_of(rule)
    new = _NEW.format(schema=schema, code="$1", subject="p.promise_id", threshold="$2")
    rows = await select(
        conn,
        schema,
        PromiseRow,
        f"""p where status = 'broken' and judged_position > $3 and {new}
               and amount_minor >= coalesce(($4::jsonb ->> currency)::bigint, 0)
             order by judged_position limit {AT_ONCE}""",
        rule.rule_code,
        threshold,
        found.since,
        json.dumps(minimums),
    )
    return [
        AlertCandidate(
            subject=row.promise_id,
            threshold=threshold,
            entity_id=row.entity_id,
            customer_id=row.customer_id,
            on=row.promised_on,
            currency=row.currency,
            amount_minor=row.amount_minor,
            evidence=(row.position, row.judged_position),
        )
        for row in rows
    ]


async def _replies(
    conn: Conn, schema: str, rule: AlertRuleSet, day: date, behind: Mapping[str, int]
) -> list[AlertCandidate]:
    threshold = threshold_of(rule)
    new = _NEW.format(schema=schema, code="$1", subject="r.reply_id", threshold="$2")
    rows = await select(
        conn,
        schema,
        ReplyRow,
        f"""r where closed_position is null and received_on + {_BEHIND.format(behind="$4")} <= $3 and {new}
             order by position limit {AT_ONCE}""",
        rule.rule_code,
        threshold,
        day - timedelta(days=rule.days or 0),
        json.dumps(behind),
    )
    return [
        AlertCandidate(
            subject=row.reply_id,
            threshold=threshold,
            entity_id=row.entity_id,
            customer_id=row.customer_id,
            on=row.received_on,
            evidence=(row.position,),
        )
        for row in rows
    ]


async def _runs(conn: Conn, schema: str, found: RuleInForce, day: date) -> list[AlertCandidate]:
    threshold = threshold_of(found.rule)
    new = _NEW.format(schema=schema, code="$1", subject="u.day::text", threshold="$2")
    rows = await select(
        conn,
        schema,
        RunRow,
        f"""u where position > $3 and day < $4 and (late or completed_position is null) and {new}
             order by day limit {AT_ONCE}""",
        found.rule.rule_code,
        threshold,
        found.since,
        day,
    )
    return [
        AlertCandidate(
            subject=str(row.day), threshold=threshold, entity_id="", on=row.day, evidence=(row.position,)
        )
        for row in rows
    ]


async def alerted(
    conn: Conn, schema: str, rule_code: str, subjects: Sequence[str], threshold: str
) -> set[str]:
    """Return those of some objects that were alerted at a threshold."""
    rows = await conn.fetch(
        f"select subject from {schema}.alert where rule_code = $1 and subject = any($2) and threshold = $3",
        rule_code,
        list(subjects),
        threshold,
    )
    return {row[0] for row in rows}
