"""Dispatch of thank-yous, each checked again on the case as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

import structlog

from dunning_svc.domain.policy.hours import may_leave
from dunning_svc.domain.thanks.decide import objection, suppression
from dunning_svc.outbox.carriers import Carriers
from dunning_svc.outbox.hours import hour_of
from dunning_svc.read_models.cases.current import CasesBehind, current_cases
from dunning_svc.read_models.cases.fold.templates import templates_of
from dunning_svc.read_models.cases.fold.thanks import ThanksOutcome, request_of, requested_thanks
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.read_models.cases.rows.policies import TemplateRow
from dunning_svc.read_models.cases.settled import settled_of
from dunning_svc.use_cases.messages import Texts, written_thanks
from dunning_svc.use_cases.thanks import record_thanks_outcome
from encours.contracts import Event
from encours.contracts.events.dunning.reminders import MessageProof
from encours.contracts.events.dunning.thanks import (
    ThanksFailed,
    ThanksRequested,
    ThanksSent,
    ThanksUnconfirmed,
)
from encours.ledger.model import LedgerInfo
from encours.mail.attempts import Claim
from encours.mail.mime import message_id
from encours.mail.notices import AT_ONCE, MAX_AGE, NoticeDispatcher
from encours.mail.smtp import Handed

_READ_MAX = 500

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RequestedThanks:
    """A thank-you without an outcome, and its creditor."""

    event: ThanksRequested
    entity_id: str


@dataclass(frozen=True, slots=True)
class OutgoingThanks:
    """A thank-you to dispatch, with its sender and its addressee as they are now."""

    event: ThanksRequested
    customer: DebtorRow
    creditor: CreditorRow
    texts: Texts


class ThanksDispatcher(NoticeDispatcher[RequestedThanks, OutgoingThanks, Carriers]):
    """Dispatches the thank-yous of one process."""

    async def requested(self, info: LedgerInfo) -> tuple[Mapping[str, RequestedThanks], bool]:
        """Return the oldest thank-yous whose hours are open."""
        async with self.db.snapshot(MODEL, info.name) as (conn, schema, _):
            rows = await requested_thanks(conn, schema, info.name, info.effects_from, _READ_MAX)
        now = await hour_of(self.ledger, info) if rows else None
        decided = (RequestedThanks(request_of(row.document), row.entity_id) for row in rows)
        due = (each for each in decided if now is None or may_leave(each.event.hours, now))
        return {each.event.thanks_id: each for each in islice(due, AT_ONCE)}, bool(rows)

    async def standing(
        self, info: LedgerInfo, fresh: Mapping[str, RequestedThanks], today: date
    ) -> Mapping[str, OutgoingThanks] | None:
        """Return those that still hold; record the others as suppressed."""
        invoices: dict[str, set[str]] = {}
        for each in fresh.values():
            named = (paid.invoice_id for paid in each.event.invoices)
            invoices.setdefault(each.event.customer_id, set()).update(named)
        try:
            rows, position = await current_cases(self.ledger, self.db, info.name, invoices, today)
        except CasesBehind as error:
            log.warning("thanks.wait", ledger=info.name, reason=str(error))
            return None
        texts = Texts(templates_of(rows.all(TemplateRow)), position)
        found = {}
        for key, each in fresh.items():
            parties = await self._checked(info.name, rows, each, today)
            if parties is not None:
                found[key] = OutgoingThanks(each.event, *parties, texts)
        return found

    async def _checked(
        self, ledger: str, rows: MemoryRows, request: RequestedThanks, today: date
    ) -> tuple[DebtorRow, CreditorRow] | None:
        event = request.event
        named = [each.invoice_id for each in event.invoices]
        now = settled_of(rows, (event.customer_id, request.entity_id, event.currency), today, named)
        cause = objection(event, now, today, rows.policies())
        if cause is None and now is not None:
            customer = rows.get(DebtorRow, now.case.addressee_id)
            creditor = rows.get(CreditorRow, request.entity_id)
            if customer is not None and creditor is not None:
                return customer, creditor
        inputs = {*rows.inputs_of(now.case, named), *now.events} if now else set()
        await self.record(
            ledger, event.thanks_id, request, suppression(event, cause or "no_address", inputs), today
        )
        return None

    async def send(
        self, info: LedgerInfo, key: str, prepared: OutgoingThanks, claim: Claim
    ) -> tuple[Handed, MessageProof | None]:
        """Write the message and send it."""
        made = written_thanks(prepared.event, prepared.customer, prepared.creditor, prepared.texts)
        handed = await self.carriers.mail(
            info, key, prepared.customer, prepared.creditor, made.message, claim.first_at
        )
        return handed, made.proof

    def outcome(
        self,
        ledger: str,
        request: RequestedThanks,
        handed: Handed,
        age: timedelta,
        proof: MessageProof | None,
    ) -> Event | None:
        """Return the outcome of a delivery; ``None`` for another try."""
        return outcome_of(ledger, request.event, handed, age, proof)

    async def append(self, ledger: str, request: RequestedThanks, outcome: Event, on: date) -> None:
        """Append the outcome of a thank-you."""
        assert isinstance(outcome, ThanksOutcome)
        await record_thanks_outcome(self.ledger, ledger, outcome, request.entity_id, on)


def outcome_of(
    ledger: str, event: ThanksRequested, handed: Handed, age: timedelta, proof: MessageProof | None
) -> ThanksOutcome | None:
    """Return the outcome of a delivery; ``None`` for another try."""
    key, customer, identity = event.thanks_id, event.customer_id, message_id(ledger, event.thanks_id)
    match handed.verdict:
        case "accepted":
            return ThanksSent(
                thanks_id=key,
                customer_id=customer,
                message_id=identity,
                evidence=handed.evidence,
                message=proof,
            )
        case "unknown" | "open":
            return ThanksUnconfirmed(thanks_id=key, customer_id=customer, message_id=identity)
        case "deferred" | "unreachable" if age <= MAX_AGE:
            return None
        case "refused" | "deferred" | "unreachable":
            return ThanksFailed(
                thanks_id=key, customer_id=customer, message_id=identity, evidence=handed.evidence
            )
