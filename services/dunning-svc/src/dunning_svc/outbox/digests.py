"""Dispatch of digests of alerts: by mail to persons, by the gateway to webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from dunning_svc.domain.alert.digest import digest_message, digest_payload
from dunning_svc.outbox.carriers import Carriers
from dunning_svc.outbox.gateway import order_of
from dunning_svc.read_models.alerts.query import alerts_by_id, requested_digests
from dunning_svc.read_models.cases.debtors import customers_of
from dunning_svc.read_models.cases.fold.alerts import DigestOutcome
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.use_cases.alerts import record_digest_outcome
from encours.contracts import Event
from encours.contracts.events.dunning.alerts import (
    AlertDigestFailed,
    AlertDigestRequested,
    AlertDigestSent,
    AlertDigestUnconfirmed,
    AlertRaised,
)
from encours.contracts.events.dunning.reminders import MessageProof
from encours.ledger.model import LedgerInfo
from encours.mail.attempts import Claim
from encours.mail.notices import AT_ONCE, NoticeDispatcher, settled
from encours.mail.smtp import Handed


@dataclass(frozen=True, slots=True)
class OutgoingDigest:
    """A digest with its alerts, and the names of the customers."""

    event: AlertDigestRequested
    alerts: tuple[AlertRaised, ...]
    names: Mapping[str, str]


class DigestDispatcher(NoticeDispatcher[AlertDigestRequested, OutgoingDigest, Carriers]):
    """Dispatches the digests of one process by one channel."""

    async def requested(self, info: LedgerInfo) -> tuple[Mapping[str, AlertDigestRequested], bool]:
        """Return the oldest digests without an outcome."""
        async with self.db.snapshot(MODEL, info.name) as (conn, schema, _):
            found = await requested_digests(conn, schema, info.name, info.effects_from, self.channel, AT_ONCE)
        return {each.digest_id: each for each in found}, bool(found)

    async def standing(
        self, info: LedgerInfo, fresh: Mapping[str, AlertDigestRequested], today: date
    ) -> Mapping[str, OutgoingDigest] | None:
        """Return the digests with their alerts."""
        found = {}
        async with self.db.snapshot(MODEL, info.name) as (conn, schema, _):
            for key, each in fresh.items():
                alerts = await alerts_by_id(conn, schema, each.alert_ids)
                ids = sorted({alert.customer_id for alert in alerts if alert.customer_id})
                customers = await customers_of(conn, schema, ids)
                names = {name: row.name for name, row in customers.items()}
                found[key] = OutgoingDigest(each, tuple(alerts), names)
        return found

    async def send(
        self, info: LedgerInfo, key: str, prepared: OutgoingDigest, claim: Claim
    ) -> tuple[Handed, MessageProof | None]:
        """Send a mail, or order the call of a webhook."""
        address = prepared.event.address
        if address.channel == "webhook":
            content = digest_payload(prepared.event, prepared.alerts, prepared.names)
            return await self.carriers.order(info, order_of(key, info.name, "webhook", content)), None
        message = digest_message(prepared.event, prepared.alerts, prepared.names)
        return await self.carriers.mail_to(info, key, address.to, message, claim.first_at), None

    def outcome(
        self,
        ledger: str,
        request: AlertDigestRequested,
        handed: Handed,
        age: timedelta,
        proof: MessageProof | None,
    ) -> Event | None:
        """Return the outcome of a delivery; ``None`` for another try."""
        key = request.digest_id
        match settled(handed, age):
            case "sent":
                return AlertDigestSent(digest_id=key, evidence=handed.evidence)
            case "unconfirmed":
                return AlertDigestUnconfirmed(digest_id=key)
            case "failed":
                return AlertDigestFailed(digest_id=key, evidence=handed.evidence)
            case None:
                return None

    async def append(self, ledger: str, request: AlertDigestRequested, outcome: Event, on: date) -> None:
        """Append the outcome of a digest."""
        assert isinstance(outcome, DigestOutcome)
        await record_digest_outcome(self.ledger, ledger, outcome, on)
