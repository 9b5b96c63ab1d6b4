"""Commands on alert rules and alerts, and the alerts of a day with their digests."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from dunning_svc.domain.alert import decide
from dunning_svc.domain.alert.commands import AcknowledgeAlert, SetAlertRule, rule_id
from dunning_svc.domain.alert.state import ALERT, ALERT_RULE
from dunning_svc.domain.collector.ownership import Team
from dunning_svc.read_models.alerts.candidates import (
    AlertCandidate,
    RuleInForce,
    alerted,
    candidates,
    rules_in_force,
    threshold_of,
)
from dunning_svc.read_models.cases.debtors import creditors
from dunning_svc.read_models.cases.fold.alerts import DigestOutcome
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.rows.parties import CreditorRow
from dunning_svc.read_models.collectors.query import owners, team_on
from dunning_svc.read_models.collectors.targets import cash_standings
from dunning_svc.use_cases.templates import LEDGER_WIDE
from encours.contracts import Event, Recorded
from encours.contracts.actors import DUNNING
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.dunning.alerts import (
    AlertAddress,
    AlertDigestRequested,
    AlertRaised,
    AlertRuleSet,
)
from encours.contracts.portfolios import Ownership
from encours.kernel.ids import derived_id, derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import Result, derived
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.reading.moment import TimeTravel, View
from encours.reading.read_db import ReadDb
from encours.service.calendar import day_elsewhere


async def set_alert_rule(session: Session, command: SetAlertRule) -> Result:
    """Put an alert rule in force, or out of it."""
    stream = rule_id(command.code)
    state = await session.load(ALERT_RULE, stream)
    for event in decide.set_rule(state, command):
        session.emit(stream, event, entity=LEDGER_WIDE)
    return session.result(stream)


async def acknowledge_alert(session: Session, command: AcknowledgeAlert) -> Result:
    """Take note of an alert."""
    state = await session.get(ALERT, command.alert_id)
    for event in decide.acknowledge(state, command):
        session.emit(command.alert_id, event, entity=state.entity_id)
    return session.result(command.alert_id)


class DayAlerts:
    """Raises the alerts of a day, and one digest for each recipient. Ids follow from rule, object and threshold."""

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db

    async def decide(self, e: Recorded, time_zone: str) -> None:
        """Judge every active rule. The read model is exactly at the event, so a repetition yields the same.

        ``time_zone`` is the ledger's.
        """
        assert isinstance(e.data, DayOpened)
        day = e.data.day
        raised: list[tuple[AlertRaised, str]] = []
        async with self._db.snapshot(MODEL, e.ledger) as (conn, schema, position):
            rules = await rules_in_force(conn, schema)
            if not rules:
                return
            view = View(conn, schema, TimeTravel(day, position, None, is_now=True), None)
            team = await team_on(view, day)
            behind = days_behind((await creditors(conn, schema)).values(), day, time_zone)
            for found in rules:
                met = await candidates(conn, schema, found, day, behind) or await _missed(view, found, day)
                owned = await owners(view, team, {each.customer_id for each in met if each.customer_id})
                raised += [(alert(found.rule, each, day, team, owned), each.entity_id) for each in met]
        await asyncio.gather(*(self._append(e, event.alert_id, event, entity) for event, entity in raised))
        for digest in digests(e, [event for event, _ in raised]):
            await self._append(e, digest.digest_id, digest, LEDGER_WIDE)

    async def _append(self, e: Recorded, stream: str, event: Event, entity_id: str) -> None:
        assert isinstance(e.data, DayOpened)
        key = derived_uuid("alert", e.ledger, stream)
        meta = derived(e.ledger, key, actor=DUNNING, today=e.data.day, because_of=e)
        await execute(self._ledger, meta, _emit, stream, event, entity_id)


def days_behind(known: Iterable[CreditorRow], day: date, time_zone: str) -> Mapping[str, int]:
    """Return the days by which creditors are behind when a day opens in the ledger's zone; none for those on it."""
    days = {each.entity_id: (day - day_elsewhere(day, time_zone, each.time_zone)).days for each in known}
    return {entity_id: behind for entity_id, behind in days.items() if behind}


async def _missed(view: View, found: RuleInForce, day: date) -> list[AlertCandidate]:
    """Return the cash targets of the month before that were missed."""
    if found.rule.kind != "target_missed":
        return []
    month = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
    missed = [
        each
        for each in await cash_standings(view, month)
        if each.target_minor is not None and each.received_minor < each.target_minor
    ]
    threshold = f"{threshold_of(found.rule)} {month:%Y-%m}"
    subjects = {each: f"{each.collector} {each.currency}" for each in missed}
    known = await alerted(view.conn, view.schema, found.rule.rule_code, list(subjects.values()), threshold)
    return [
        AlertCandidate(
            subject=subject,
            threshold=threshold,
            entity_id=LEDGER_WIDE,
            on=month,
            currency=each.currency,
            amount_minor=(each.target_minor or 0) - each.received_minor,
            collector=each.collector,
        )
        for each, subject in subjects.items()
        if subject not in known
    ]


def alert(
    rule: AlertRuleSet, met: AlertCandidate, day: date, team: Team, owned: Mapping[str, Ownership | None]
) -> AlertRaised:
    """Return the alert of an object that meets a rule, with the addresses of its recipients."""
    owner = owned.get(met.customer_id or "")
    collector = met.collector or (owner.owner if owner else None)
    return AlertRaised(
        alert_id=derived_id("alt", rule.rule_code, met.subject, met.threshold),
        rule_id=rule.rule_id,
        rule_code=rule.rule_code,
        kind=rule.kind,
        subject=met.subject,
        threshold=met.threshold,
        day=day,
        customer_id=met.customer_id,
        number=met.number,
        on=met.on,
        currency=met.currency,
        amount_minor=met.amount_minor,
        evidence=met.evidence,
        addresses=tuple(dict.fromkeys(_addresses(rule, collector, team))),
        language=rule.language,
    )


def _addresses(rule: AlertRuleSet, collector: str | None, team: Team) -> Iterable[AlertAddress]:
    record = team.records.get(collector or "")
    second = team.records.get(record.second_level or "") if record else None
    for each in rule.recipients:
        match each.kind:
            case "collector" if record is not None and record.email:
                yield AlertAddress(channel="email", to=record.email)
            case "second_level" if second is not None and second.email:
                yield AlertAddress(channel="email", to=second.email)
            case "address" if each.target:
                yield AlertAddress(channel="email", to=each.target)
            case "webhook" if each.target:
                yield AlertAddress(channel="webhook", to=each.target)
            case _:
                pass


def digests(e: Recorded, raised: Sequence[AlertRaised]) -> list[AlertDigestRequested]:
    """Return one digest for each address and language, with the alerts in their order."""
    assert isinstance(e.data, DayOpened)
    found: dict[tuple[AlertAddress, str], list[AlertRaised]] = {}
    for each in raised:
        for address in each.addresses:
            found.setdefault((address, each.language), []).append(each)
    return [
        AlertDigestRequested(
            digest_id=derived_id("alg", e.event_id, address.channel, address.to, language),
            day=e.data.day,
            address=address,
            language=alerts[0].language,
            alert_ids=tuple(each.alert_id for each in alerts),
        )
        for (address, language), alerts in found.items()
    ]


async def record_digest_outcome(ledger: Ledger, name: str, outcome: DigestOutcome, on: date) -> None:
    """Append the outcome as the second event of the digest. The first one stored counts.

    Raises :class:`VersionConflict` or :class:`CommandReused` where another outcome is stored.
    """
    command_id = derived_uuid("digest outcome", name, outcome.digest_id)
    fingerprint = hashlib.sha256(outcome.TYPE.encode()).digest()
    meta = derived(name, command_id, actor=DUNNING, today=on, fingerprint=fingerprint)
    await execute(ledger, meta, _conclude, outcome, retries=0)


async def _emit(session: Session, stream: str, event: Event, entity_id: str) -> None:
    session.emit(stream, event, entity=entity_id)


async def _conclude(session: Session, outcome: DigestOutcome) -> None:
    session.begin(outcome.digest_id, version=1)
    session.emit(outcome.digest_id, outcome, entity=LEDGER_WIDE)
