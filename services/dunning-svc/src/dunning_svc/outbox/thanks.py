"""Dispatch of thank-yous: check the case again, store the attempt, send, record the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

import structlog

from dunning_svc.domain.policy.hours import may_leave
from dunning_svc.domain.thanks.decide import objection, suppression
from dunning_svc.outbox.attempts import Attempt, Attempts, Claim
from dunning_svc.outbox.carriers import DOWN_PAUSE_S, Carriers
from dunning_svc.outbox.hours import hour_of
from dunning_svc.outbox.mime import message_id
from dunning_svc.outbox.smtp import Handed
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
from encours.contracts import decode, encode, event_class
from encours.contracts.events.dunning.reminders import MessageProof
from encours.contracts.events.dunning.thanks import (
    ThanksFailed,
    ThanksRequested,
    ThanksSent,
    ThanksUnconfirmed,
)
from encours.kernel.errors import DomainError
from encours.ledger import Ledger
from encours.ledger.errors import CommandReused, LedgerUnavailable, VersionConflict
from encours.ledger.model import LedgerInfo
from encours.reading.read_db import ReadDb

AT_ONCE = 16
_READ_MAX = 500
_MAX_AGE = timedelta(hours=72)
_MAX_PAUSE_S = 600.0
_GRACE_S = 10.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OutgoingThanks:
    """A thank-you to dispatch, with its sender and its addressee as they are now."""

    event: ThanksRequested
    customer: DebtorRow
    creditor: CreditorRow
    texts: Texts


class ThanksDispatcher:
    """Dispatches the thank-yous of one process, from the read model alone."""

    def __init__(self, ledger: Ledger, db: ReadDb, attempts: Attempts, carriers: Carriers) -> None:
        self._ledger, self._db = ledger, db
        self._attempts, self._carriers = attempts, carriers
        self._sending: asyncio.Task[bool] | None = None

    async def pick_up(self, info: LedgerInfo) -> bool:
        """Send the oldest thank-yous without an outcome; return True if there were any, or may be."""
        if self._carriers.is_down("email"):
            return True
        # Shielded: a stop of the worker does not interrupt a message.
        self._sending = asyncio.create_task(self._pick_up(info))
        return await asyncio.shield(self._sending)

    async def close(self) -> None:
        """Wait for messages that are being sent; one that is interrupted is recorded as unconfirmed."""
        if self._sending is not None:
            await asyncio.wait({self._sending}, timeout=_GRACE_S)

    async def _pick_up(self, info: LedgerInfo) -> bool:
        async with self._db.snapshot(MODEL, info.name) as (conn, schema, _):
            rows = await requested_thanks(conn, schema, info.name, info.effects_from, _READ_MAX)
        if not rows:
            return False
        now = await hour_of(self._ledger, info)
        decided = {row.thanks_id: request_of(row.document) for row in rows}
        due = (key for key, event in decided.items() if now is None or may_leave(event.hours, now))
        requests = {key: decided[key] for key in islice(due, AT_ONCE)}
        entities = {row.thanks_id: row.entity_id for row in rows}
        noted = await self._attempts.read(info.name, list(requests))
        begun = {key for key, attempt in noted.items() if attempt.state != "deferred"}
        today = await self._ledger.today(info.name)
        for key in begun:
            await self._conclude(info.name, requests[key], noted[key], entities[key], today)
        fresh = [(requests[key], entities[key]) for key in requests if key not in begun]
        try:
            standing = await self._still_right(info.name, fresh, today)
        except CasesBehind as error:
            log.warning("thanks.wait", ledger=info.name, reason=str(error))
            return True
        claimed = await self._attempts.claim(
            info.name, [(o.event.thanks_id, message_id(info.name, o.event.thanks_id)) for o in standing]
        )
        ours = [o for o in standing if o.event.thanks_id in claimed]
        await asyncio.gather(*(self._deliver(info, o, claimed[o.event.thanks_id], today) for o in ours))
        return True

    async def _still_right(
        self, ledger: str, requests: Sequence[tuple[ThanksRequested, str]], today: date
    ) -> list[OutgoingThanks]:
        """Return those that still hold; record the others as suppressed."""
        if not requests:
            return []
        invoices: dict[str, set[str]] = {}
        for event, _ in requests:
            invoices.setdefault(event.customer_id, set()).update(each.invoice_id for each in event.invoices)
        rows, position = await current_cases(self._ledger, self._db, ledger, invoices, today)
        texts = Texts(templates_of(rows.all(TemplateRow)), position)
        standing = []
        for event, entity_id in requests:
            found = await self._checked(ledger, rows, event, entity_id, today)
            if found is not None:
                standing.append(OutgoingThanks(event, *found, texts))
        return standing

    async def _checked(
        self, ledger: str, rows: MemoryRows, event: ThanksRequested, entity_id: str, today: date
    ) -> tuple[DebtorRow, CreditorRow] | None:
        group = (event.customer_id, entity_id, event.currency)
        now = settled_of(rows, group, today, (each.invoice_id for each in event.invoices))
        cause = objection(event, now, today, rows.policies())
        if cause is None and now is not None:
            customer, creditor = (
                rows.get(DebtorRow, now.case.addressee_id),
                rows.get(CreditorRow, entity_id),
            )
            if customer is not None and creditor is not None:
                return customer, creditor
        named = (each.invoice_id for each in event.invoices)
        inputs = rows.inputs_of(now.case, named) if now else set()
        await self._record(ledger, suppression(event, cause or "no_address", inputs), entity_id, today)
        return None

    async def _deliver(self, info: LedgerInfo, outgoing: OutgoingThanks, claim: Claim, today: date) -> None:
        event, proof = outgoing.event, None
        try:
            made = written_thanks(event, outgoing.customer, outgoing.creditor, outgoing.texts)
            proof = made.proof
            handed = await self._carriers.mail(
                info, event.thanks_id, outgoing.customer, outgoing.creditor, made.message, claim.first_at
            )
        except (ValueError, LookupError) as error:
            # An invalid address or a missing template is a failure of this message alone.
            handed = Handed("refused", " ".join(f"{error}".split())[:400] or type(error).__name__)
        outcome = outcome_of(info.name, event, handed, claim.age, proof)
        if outcome is not None:
            await self._record(info.name, outcome, outgoing.creditor.entity_id, today)
            return
        pause_s = handed.retry_after_s or min(_MAX_PAUSE_S, 2.0 ** min(claim.tries, 10))
        if handed.verdict == "unreachable":
            self._carriers.rest("email", handed.evidence)
            pause_s = DOWN_PAUSE_S
        await self._attempts.defer(info.name, event.thanks_id, pause_s)

    async def _conclude(
        self, ledger: str, event: ThanksRequested, attempt: Attempt, entity_id: str, today: date
    ) -> None:
        """Record the outcome of an earlier attempt: the answer that was kept, or unconfirmed after a crash."""
        outcome: ThanksOutcome | None = None
        if attempt.state == "answered" and attempt.outcome and attempt.outcome_type:
            kind = event_class(attempt.outcome_type)
            kept = decode(attempt.outcome_type, kind.VERSION, attempt.outcome.encode())
            assert isinstance(kept, ThanksOutcome)
            outcome = kept
        elif attempt.state == "handing" and attempt.owner != self._attempts.owner:
            outcome = outcome_of(ledger, event, Handed("unknown", ""), attempt.age, None)
        if outcome is not None:
            await self._record(ledger, outcome, entity_id, today)

    async def _record(self, ledger: str, outcome: ThanksOutcome, entity_id: str, on: date) -> None:
        try:
            await record_thanks_outcome(self._ledger, ledger, outcome, entity_id, on)
        except (VersionConflict, CommandReused):
            log.debug("thanks.outcome_known", ledger=ledger, thanks_id=outcome.thanks_id)
        except LedgerUnavailable:
            log.warning("thanks.outcome_kept", ledger=ledger, thanks_id=outcome.thanks_id)
            await self._attempts.keep_outcome(
                ledger, outcome.thanks_id, outcome.TYPE, encode(outcome).decode()
            )
        except DomainError as error:
            log.error("thanks.outcome_refused", ledger=ledger, thanks_id=outcome.thanks_id, code=error.code)


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
        case "deferred" | "unreachable" if age <= _MAX_AGE:
            return None
        case "refused" | "deferred" | "unreachable":
            return ThanksFailed(
                thanks_id=key, customer_id=customer, message_id=identity, evidence=handed.evidence
            )
