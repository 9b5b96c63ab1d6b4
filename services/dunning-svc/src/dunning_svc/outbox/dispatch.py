"""Dispatch of a reminder: check the invoices, store the attempt, send, record the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import structlog

from dunning_svc.domain.ladder.recheck import objected, suppression
from dunning_svc.domain.policy.shipped import EARLIER
from dunning_svc.outbox.carriers import Carriers, was_by_gateway
from dunning_svc.outbox.hours import hour_of, leaves_at
from dunning_svc.read_models.cases.current import CasesBehind, current_cases
from dunning_svc.read_models.cases.fold.templates import templates_of
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.pending import first_mails, thread_of
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.read_models.cases.rows.policies import TemplateRow
from dunning_svc.use_cases.messages import Texts, written
from dunning_svc.use_cases.reminders import Outcome, record_outcome
from dunning_svc.use_cases.runs import OutgoingReminder
from encours.contracts import decode, encode, event_class
from encours.contracts.events.dunning.reminders import (
    MessageProof,
    ReminderFailed,
    ReminderRequested,
    ReminderSent,
    ReminderUnconfirmed,
)
from encours.kernel.errors import DomainError
from encours.ledger import Ledger
from encours.ledger.errors import CommandReused, LedgerUnavailable, VersionConflict
from encours.ledger.model import LedgerInfo
from encours.mail.attempts import Attempt, Attempts, Claim
from encours.mail.mime import message_id
from encours.mail.notices import DOWN_PAUSE_S
from encours.mail.smtp import Handed
from encours.reading.read_db import ReadDb

CHUNK = 16
"""Messages whose attempts are stored in one transaction: as many may be unconfirmed after a crash."""
_CHUNKS_AT_ONCE = 2
_GRACE_S = 10.0
"""Longest wait at a stop. Containers are killed after 30 s, of which the read model needs a part first."""
_MAX_AGE = timedelta(hours=72)
_MAX_PAUSE_S = 600.0

log = structlog.get_logger()


class Dispatcher:
    """Dispatches the reminders of one process. A reminder that is being sent is not started a second time."""

    def __init__(
        self,
        ledger: Ledger,
        db: ReadDb,
        attempts: Attempts,
        carriers: Carriers,
    ) -> None:
        self._ledger = ledger
        self._db = db
        self._attempts = attempts
        self._carriers = carriers
        self._busy: set[str] = set()
        self._closing = False
        self._tasks: set[asyncio.Task[list[OutgoingReminder]]] = set()

    @property
    def mail_is_down(self) -> bool:
        """True for some seconds after the mail server was unreachable."""
        return self._carriers.is_down("email")

    async def prepare(self) -> None:
        """Create the table of attempts unless it is there."""
        await self._attempts.prepare()

    def stop(self) -> None:
        """Start no further message."""
        self._closing = True
        self._carriers.stop()

    async def close(self) -> None:
        """Wait for messages that are being sent; one that is interrupted is recorded as unconfirmed."""
        self.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GRACE_S)
        await self._carriers.close()

    async def dispatch(self, ledger: str, batch: Sequence[OutgoingReminder]) -> list[OutgoingReminder]:
        """Send a batch and record every outcome; return the reminders without one."""
        info = await self._ledger.info(ledger)
        today = await self._ledger.today(ledger)
        gate = asyncio.Semaphore(_CHUNKS_AT_ONCE)

        async def one(chunk: Sequence[OutgoingReminder]) -> list[OutgoingReminder]:
            async with gate:
                return list(chunk) if self._closing else await self._chunk(info, chunk, today)

        fresh = [o for o in batch if o.event.reminder_id not in self._busy]
        self._busy.update(o.event.reminder_id for o in fresh)
        try:
            tasks = [
                asyncio.create_task(one(fresh[start : start + CHUNK]))
                for start in range(0, len(fresh), CHUNK)
            ]
            self._tasks.update(tasks)
            for task in tasks:
                task.add_done_callback(self._tasks.discard)
            # Shielded: a stop of the worker does not interrupt a message.
            pending = await asyncio.shield(asyncio.gather(*tasks))
        finally:
            self._busy.difference_update(o.event.reminder_id for o in fresh)
        return [o for part in pending for o in part]

    async def _chunk(
        self, info: LedgerInfo, chunk: Sequence[OutgoingReminder], today: date
    ) -> list[OutgoingReminder]:
        now = await hour_of(self._ledger, info)
        stay = [self._carriers.is_down(o.event.channel) or not leaves_at(o.event, now) for o in chunk]
        waiting = [o for o, stays in zip(chunk, stay, strict=True) if stays]
        chunk = [o for o, stays in zip(chunk, stay, strict=True) if not stays]
        if not chunk:
            return waiting
        noted = await self._attempts.read(info.name, [o.event.reminder_id for o in chunk])
        # What was on its way when a process ended may have left: its outcome is that of the attempt.
        begun = [
            o
            for o in chunk
            if (a := noted.get(o.event.reminder_id)) is not None
            and a.state != "deferred"
            and not (a.state == "handing" and self._carriers.has_not_left(info, o, a.message_id))
        ]
        try:
            standing = await self._still_right(info.name, [o for o in chunk if o not in begun], today)
        except CasesBehind as error:
            log.warning("outbox.waits", ledger=info.name, reason=str(error))
            return [*waiting, *chunk]
        claimed = await self._attempts.claim(
            info.name,
            [(o.event.reminder_id, self._carriers.identity(info, o)) for o in standing],
        )
        ours = [o for o in standing if o.event.reminder_id in claimed]
        others = begun + [o for o in standing if o.event.reminder_id not in claimed]
        done = await asyncio.gather(
            *(self._deliver(info, o, claimed[o.event.reminder_id], today) for o in ours)
        )
        waiting.extend(o for o, concluded in zip(ours, done, strict=True) if not concluded)
        if others:
            waiting.extend(await self._attempted_before(info, others, today))
        return waiting

    async def _still_right(
        self, ledger: str, chunk: Sequence[OutgoingReminder], today: date
    ) -> list[OutgoingReminder]:
        """Return the reminders that still hold, with debtor and creditor as they are now; record the others."""
        if not chunk:
            return []
        invoices: dict[str, set[str]] = {}
        for outgoing in chunk:
            event = outgoing.event
            invoices.setdefault(event.customer_id, set())
            for item in event.items:
                invoices.setdefault(item.customer_id or event.customer_id, set()).add(item.invoice_id)
        rows, position = await current_cases(self._ledger, self._db, ledger, invoices, today)
        async with self._db.snapshot(MODEL, ledger) as (conn, schema, _):
            threads = await first_mails(conn, schema, sorted(invoices))
        texts = Texts(templates_of(rows.all(TemplateRow)), position)
        standing = []
        for outgoing in chunk:
            reminder, creditor = outgoing.event, outgoing.creditor
            earlier = EARLIER.get((reminder.basis.policy_id, reminder.basis.policy_version))
            by_role = earlier is None or earlier.addresses_by_role
            cases = rows.cases_of(reminder, creditor.entity_id, today, by_role=by_role)
            addressee_id = reminder.customer_id
            if cases is not None and not reminder.debtors:
                addressee_id = cases[reminder.customer_id].addressee_id
            customer = rows.get(DebtorRow, addressee_id)
            if cases is None or customer is None:
                log.warning("outbox.debtor_unknown", ledger=ledger, customer_id=reminder.customer_id)
                continue
            found = objected(reminder, cases, today, rows.policies())
            if found is None:
                known = rows.get(CreditorRow, creditor.entity_id) or creditor
                thread = threads.get(thread_of(reminder, creditor.entity_id))
                standing.append(
                    replace(outgoing, customer=customer, creditor=known, thread=thread, texts=texts)
                )
            else:
                inputs = rows.inputs_of(found.case, (item.invoice_id for item in found.share.items))
                await self._record(ledger, outgoing, suppression(reminder, found.cause, inputs), today)
        return standing

    async def _deliver(self, info: LedgerInfo, outgoing: OutgoingReminder, claim: Claim, today: date) -> bool:
        """Send one message. Return True if it has an outcome."""
        proof = None
        try:
            made = written(outgoing.event, outgoing.customer, outgoing.creditor, outgoing.texts)
            proof = made.proof
            handed = await self._carriers.carry(info, outgoing, made.message, claim)
        except (ValueError, LookupError, FileNotFoundError) as error:
            # An invalid address or a missing template is a failure of this message alone.
            handed = Handed("refused", " ".join(f"{error}".split())[:400] or type(error).__name__)
        outcome = self._outcome(info.name, outgoing.event, handed, claim.age, proof)
        if outcome is not None:
            await self._record(info.name, outgoing, outcome, today)
            return True
        pause = handed.retry_after_s or min(_MAX_PAUSE_S, 2.0 ** min(claim.tries, 10))
        if handed.verdict in ("unreachable", "open"):
            self._carriers.rest(outgoing.event.channel, handed.evidence)
            pause = DOWN_PAUSE_S
        if handed.verdict != "open":
            await self._attempts.defer(info.name, outgoing.event.reminder_id, pause)
        return False

    async def _settle(
        self, info: LedgerInfo, outgoing: OutgoingReminder, attempt: Attempt, today: date
    ) -> bool:
        """Conclude a message that the gateway may have taken, by asking it. Return True if it has an outcome."""
        proof = None
        try:
            made = written(outgoing.event, outgoing.customer, outgoing.creditor, outgoing.texts)
            proof = made.proof
            handed = await self._carriers.ask(info, outgoing, made.message)
        except (ValueError, LookupError) as error:
            # The order cannot be written again, for example without its template: a person decides about it.
            handed = Handed("unknown", f"{error}")
        outcome = self._outcome(info.name, outgoing.event, handed, attempt.age, proof)
        if outcome is None:
            self._carriers.rest(outgoing.event.channel, handed.evidence)
            return False
        await self._record(info.name, outgoing, outcome, today)
        return True

    def _outcome(
        self,
        ledger: str,
        reminder: ReminderRequested,
        handed: Handed,
        age: timedelta,
        proof: MessageProof | None = None,
    ) -> Outcome | None:
        verdict, evidence = handed.verdict, handed.evidence
        if verdict in ("deferred", "unreachable") and age > _MAX_AGE:
            verdict, evidence = "refused", f"given up after {_MAX_AGE.days} days: {evidence}"
        if verdict == "open" and age > _MAX_AGE:
            verdict = "unknown"
        identity = message_id(ledger, reminder.reminder_id)
        match verdict:
            case "accepted":
                return ReminderSent(
                    reminder_id=reminder.reminder_id,
                    customer_id=reminder.customer_id,
                    channel=reminder.channel,
                    message_id=identity,
                    evidence=evidence,
                    message=proof if handed.is_this else None,
                )
            case "refused":
                return ReminderFailed(
                    reminder_id=reminder.reminder_id,
                    customer_id=reminder.customer_id,
                    channel=reminder.channel,
                    message_id=identity,
                    evidence=evidence,
                )
            case "unknown":
                return ReminderUnconfirmed(
                    reminder_id=reminder.reminder_id,
                    customer_id=reminder.customer_id,
                    channel=reminder.channel,
                    message_id=identity,
                )
            case "deferred" | "unreachable" | "open":
                return None

    async def _attempted_before(
        self, info: LedgerInfo, others: Sequence[OutgoingReminder], today: date
    ) -> list[OutgoingReminder]:
        """Conclude reminders with an earlier attempt: answered, deferred, or interrupted by a crash."""
        noted = await self._attempts.read(info.name, [o.event.reminder_id for o in others])
        heads = await self._ledger.versions(info.name, [o.event.reminder_id for o in others])
        waiting = []
        for outgoing in others:
            reminder_id = outgoing.event.reminder_id
            attempt = noted[reminder_id]
            if heads[reminder_id] > 1:
                continue
            outcome = self._outcome_of_attempt(info.name, outgoing.event, attempt)
            if outcome is not None:
                await self._record(info.name, outgoing, outcome, today)
            elif attempt.state == "deferred":
                waiting.append(outgoing)
            elif was_by_gateway(attempt.message_id):
                if not await self._settle(info, outgoing, attempt, today):
                    waiting.append(outgoing)
            elif attempt.owner != self._attempts.owner:
                await self._deliver(
                    info,
                    outgoing,
                    Claim(attempt.tries, attempt.age, attempt.first_at, attempt.message_id),
                    today,
                )
        return waiting

    def _outcome_of_attempt(
        self, ledger: str, reminder: ReminderRequested, attempt: Attempt
    ) -> Outcome | None:
        """Return the outcome of an earlier attempt, if it has one.

        A letter is a file with a fixed name. It can be written again without a duplicate, so it is never unconfirmed;
        if the file is not there, the decision is checked again first.
        What the gateway may have taken, it is asked about.
        """
        if attempt.state == "answered" and attempt.outcome and attempt.outcome_type:
            kept = decode(
                attempt.outcome_type, event_class(attempt.outcome_type).VERSION, attempt.outcome.encode()
            )
            assert isinstance(kept, Outcome)
            return kept
        cut_off = attempt.state == "handing" and attempt.owner != self._attempts.owner
        if cut_off and reminder.channel == "email":
            return self._outcome(ledger, reminder, Handed("unknown", ""), attempt.age)
        return None

    async def _record(self, ledger: str, outgoing: OutgoingReminder, outcome: Outcome, on: date) -> None:
        reminder = outgoing.event
        try:
            await record_outcome(self._ledger, ledger, outcome, outgoing.creditor.entity_id, on)
        except (VersionConflict, CommandReused):
            log.warning("reminder.outcome_known", ledger=ledger, reminder_id=reminder.reminder_id)
        except LedgerUnavailable:
            log.warning("reminder.outcome_kept", ledger=ledger, reminder_id=reminder.reminder_id)
            await self._attempts.keep_outcome(
                ledger, reminder.reminder_id, outcome.TYPE, encode(outcome).decode()
            )
        except DomainError as error:
            log.error(
                "reminder.outcome_refused", ledger=ledger, reminder_id=reminder.reminder_id, code=error.code
            )
