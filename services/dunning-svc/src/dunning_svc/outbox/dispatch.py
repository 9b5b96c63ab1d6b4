"""Dispatch of a reminder: check the invoices, store the attempt, send, record the outcome."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import structlog

from dunning_svc.domain.message.render import Message
from dunning_svc.domain.policy.shipped import EARLIER
from dunning_svc.outbox.attempts import Attempt, Attempts, Claim
from dunning_svc.outbox.letters import evidence_of, letter_path, letter_pdf, write_once
from dunning_svc.outbox.mime import email_bytes, message_id
from dunning_svc.outbox.recheck import objection, suppression
from dunning_svc.outbox.senders import Senders
from dunning_svc.outbox.smtp import Handed, Mailer
from dunning_svc.read_models.cases.current import CasesBehind, current_cases
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.pending import first_mails
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.read_models.cases.rows.policies import TemplateRow
from dunning_svc.read_models.cases.templates import templates_of
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
from encours.contracts.recipients import recipient
from encours.kernel.errors import DomainError
from encours.ledger import Ledger
from encours.ledger.errors import CommandReused, LedgerUnavailable, VersionConflict
from encours.ledger.model import LedgerInfo
from encours.reading.read_db import ReadDb

CHUNK = 16
"""Messages whose attempts are stored in one transaction: as many may be unconfirmed after a crash."""
_CHUNKS_AT_ONCE = 2
_GRACE_S = 10.0
"""Longest wait at a stop. Containers are killed after 30 s, of which the read model needs a part first."""
_MAX_AGE = timedelta(hours=72)
_MAX_PAUSE_S = 600.0
_DOWN_PAUSE_S = 5.0

log = structlog.get_logger()


class Dispatcher:
    """Dispatches the reminders of one process. A reminder that is being sent is not started a second time."""

    def __init__(
        self,
        ledger: Ledger,
        db: ReadDb,
        attempts: Attempts,
        mailer: Mailer,
        senders: Senders,
        letters: Path,
    ) -> None:
        self._ledger = ledger
        self._db = db
        self._attempts = attempts
        self._mailer = mailer
        self._senders = senders
        self._letters = letters
        self._busy: set[str] = set()
        self._down_until = 0.0
        self._closing = False
        self._tasks: set[asyncio.Task[list[OutgoingReminder]]] = set()

    @property
    def mail_is_down(self) -> bool:
        """True for some seconds after the mail server was unreachable."""
        return time.monotonic() < self._down_until

    async def prepare(self) -> None:
        """Create the table of attempts unless it is there."""
        await self._attempts.migrate()

    def stop(self) -> None:
        """Start no further message."""
        self._closing = True
        self._mailer.stop()

    async def close(self) -> None:
        """Wait for messages that are being sent; one that is interrupted is recorded as unconfirmed."""
        self.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GRACE_S)
        await self._mailer.close()

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
        if self.mail_is_down:
            waiting = [o for o in chunk if o.event.channel == "email"]
            chunk = [o for o in chunk if o.event.channel != "email"]
        else:
            waiting = []
        noted = await self._attempts.read(info.name, [o.event.reminder_id for o in chunk])
        # What was on its way when a process ended may have left: its outcome is that of the attempt.
        begun = [
            o for o in chunk if (a := noted.get(o.event.reminder_id)) is not None and a.state != "deferred"
        ]
        try:
            standing = await self._still_right(info.name, [o for o in chunk if o not in begun], today)
        except CasesBehind as error:
            log.warning("outbox.waits", ledger=info.name, reason=str(error))
            return [*waiting, *chunk]
        claimed = await self._attempts.claim(
            info.name,
            [(o.event.reminder_id, message_id(info.name, o.event.reminder_id)) for o in standing],
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
            listed = (item.invoice_id for item in outgoing.event.items)
            invoices.setdefault(outgoing.event.customer_id, set()).update(listed)
        rows, position = await current_cases(self._ledger, self._db, ledger, invoices, today)
        async with self._db.snapshot(MODEL, ledger) as (conn, schema, _):
            threads = await first_mails(conn, schema, sorted(invoices))
        texts = Texts(templates_of(rows.all(TemplateRow)), position)
        standing = []
        for outgoing in chunk:
            reminder, creditor = outgoing.event, outgoing.creditor
            earlier = EARLIER.get((reminder.basis.policy_id, reminder.basis.policy_version))
            group = (reminder.customer_id, creditor.entity_id, reminder.currency)
            case = rows.case(group, today, by_role=earlier is None or earlier.addresses_by_role)
            customer = rows.get(DebtorRow, case.addressee_id) if case else None
            if case is None or customer is None:
                log.warning("outbox.debtor_unknown", ledger=ledger, customer_id=reminder.customer_id)
                continue
            cause = objection(reminder, case, today, rows.policies())
            if cause is None:
                known = rows.get(CreditorRow, creditor.entity_id) or creditor
                thread = threads.get((reminder.customer_id, creditor.entity_id))
                standing.append(
                    replace(outgoing, customer=customer, creditor=known, thread=thread, texts=texts)
                )
            else:
                inputs = rows.inputs_of(case, (item.invoice_id for item in reminder.items))
                await self._record(ledger, outgoing, suppression(reminder, cause, inputs), today)
        return standing

    async def _deliver(self, info: LedgerInfo, outgoing: OutgoingReminder, claim: Claim, today: date) -> bool:
        """Send one message. Return True if it has an outcome."""
        proof = None
        try:
            made = written(outgoing.event, outgoing.customer, outgoing.creditor, outgoing.texts)
            proof = made.proof
            if outgoing.event.channel == "email":
                handed = await self._mail(info, outgoing, made.message, claim.first_at)
            else:
                handed, is_this = await self._letter(info.name, outgoing, made.message)
                proof = made.proof if is_this else None
        except (ValueError, LookupError, FileNotFoundError) as error:
            # An invalid address or a missing template is a failure of this message alone.
            handed = Handed("refused", " ".join(f"{error}".split())[:400] or type(error).__name__)
        outcome = self._outcome(info.name, outgoing.event, handed, claim.age, proof)
        if outcome is None:
            pause = handed.retry_after_s or min(_MAX_PAUSE_S, 2.0 ** min(claim.tries, 10))
            if handed.verdict == "unreachable":
                log.warning("mail.unreachable", server=self._mailer.host, reason=handed.evidence)
                self._down_until = time.monotonic() + _DOWN_PAUSE_S
                pause = _DOWN_PAUSE_S
            await self._attempts.defer(info.name, outgoing.event.reminder_id, pause)
            return False
        await self._record(info.name, outgoing, outcome, today)
        return True

    async def _mail(
        self, info: LedgerInfo, outgoing: OutgoingReminder, message: Message, written_at: datetime
    ) -> Handed:
        customer, reminder = outgoing.customer, outgoing.event
        if info.kind == "sandbox" and not self._mailer.is_for_sandboxes:
            return Handed(
                "refused",
                f"a sandbox cannot send mail to {self._mailer.host}, only to the mailbox of this machine",
            )
        to = recipient(customer, "dunning")
        if not to.email:
            return Handed("refused", "the customer's e-mail address was removed")
        content = email_bytes(
            message,
            identity=message_id(info.name, reminder.reminder_id),
            written_at=written_at,
            sender=self._senders.of(outgoing.creditor),
            to_name=to.name,
            to=to.email,
            thread=outgoing.thread,
        )
        envelope = self._senders.envelope(reminder.reminder_id)
        return await self._mailer.send(to.email, content, sender=envelope, key=reminder.reminder_id)

    async def _letter(self, ledger: str, outgoing: OutgoingReminder, message: Message) -> tuple[Handed, bool]:
        """Write the letter, unless it was before. True if the file has this message."""
        content = await asyncio.to_thread(
            letter_pdf, message, outgoing.event, outgoing.customer, outgoing.creditor
        )
        path = letter_path(self._letters, ledger, outgoing.event.reminder_id)
        try:
            evidence = await asyncio.to_thread(write_once, path, content)
        except OSError as error:
            return Handed("deferred", f"{error.strerror}: {path.parent}"), False
        return Handed("accepted", evidence), evidence == evidence_of(path, content)

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
        identity = message_id(ledger, reminder.reminder_id)
        match verdict:
            case "accepted":
                return ReminderSent(
                    reminder_id=reminder.reminder_id,
                    customer_id=reminder.customer_id,
                    channel=reminder.channel,
                    message_id=identity,
                    evidence=evidence,
                    message=proof,
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
            case "deferred" | "unreachable":
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
            elif attempt.owner != self._attempts.owner:
                await self._deliver(
                    info, outgoing, Claim(attempt.tries, attempt.age, attempt.first_at), today
                )
        return waiting

    def _outcome_of_attempt(
        self, ledger: str, reminder: ReminderRequested, attempt: Attempt
    ) -> Outcome | None:
        """Return the outcome of an earlier attempt, if it has one.

        A letter is a file with a fixed name. It can be written again without a duplicate, so it is never unconfirmed.
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
