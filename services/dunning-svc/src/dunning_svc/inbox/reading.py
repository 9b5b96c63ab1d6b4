"""Reading of stored messages: parse, find the reminder, record; and the loop that reads what is stored.

A message is stored first. If the ledger is down, or the reminder's outcome is not recorded yet, it is read later; a
repetition changes nothing, since the command's id follows from the message.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence

import structlog

from dunning_svc.domain.reply.commands import ReadingRules, ReadMail
from dunning_svc.inbox.messages import Messages, StoredMessage
from dunning_svc.inbox.parsing import message_id_of, parse
from dunning_svc.read_models.cases.correspondents import KnownCorrespondents
from dunning_svc.read_models.promises.debts import KnownDebts
from dunning_svc.use_cases.replies import read_mail
from encours.contracts.actors import DUNNING
from encours.contracts.events.dunning.replies import ReplySource
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import derived
from encours.ledger.execute import execute
from encours.postgres.connection import FAILED
from encours.reading.read_db import ReadDb

_REMINDER = re.compile(rb"rem_[0-9a-f]{32}")
_HEAD_BYTES = 1_000_000
_BATCH = 50
_LOOK_S = 5.0
_MAX_PAUSE_S = 600.0

log = structlog.get_logger()


class MailInbox:
    """Stores and reads the messages of every ledger."""

    def __init__(
        self,
        ledger: Ledger,
        db: ReadDb,
        messages: Messages,
        rules: ReadingRules,
        default_ledger: str,
        mailbox: str | None = None,
    ) -> None:
        self._ledger = ledger
        self._db = db
        self._messages = messages
        self._rules = rules
        self._default_ledger = default_ledger
        self._mailbox = mailbox
        self._arrived = asyncio.Event()

    async def receive(
        self, content: bytes, source: ReplySource, recipients: Sequence[str] = ()
    ) -> StoredMessage:
        """Store a message durably, in the ledger of the reminder that it cites or in the configured one."""
        cited = _REMINDER.findall(content[:_HEAD_BYTES]) + _REMINDER.findall(" ".join(recipients).encode())
        ids = sorted({each.decode() for each in cited})
        ledger = (await self._messages.ledger_of(ids) if ids else None) or self._default_ledger
        stored = await self._messages.keep(ledger, content, message_id_of(content), source, recipients)
        self._arrived.set()
        return stored

    async def mark_mailbox_read(self) -> None:
        """Note that the mailbox was read."""
        if self._mailbox is not None:
            await self._messages.mark_mailbox_read(self._mailbox)

    async def run(self) -> None:
        """Read what is stored until cancelled. It resumes after the loss of the database."""
        expected = False
        while True:
            try:
                await self._messages.prepare()
                if not expected:
                    await self._messages.expect_mailbox(self._mailbox)
                    expected = True
                found = await self._messages.unread(_BATCH)
                for stored in found:
                    await self._read(stored)
            except FAILED as error:
                log.warning("inbox.paused", reason=f"{type(error).__name__}: {error}")
                found = []
            if len(found) < _BATCH:
                self._arrived.clear()
                try:
                    await asyncio.wait_for(self._arrived.wait(), _LOOK_S)
                except TimeoutError:
                    continue

    async def _read(self, stored: StoredMessage) -> None:
        """Read one message; a refusal of it leaves it stored for another try and stops no other."""
        try:
            cmd = await reading_of(stored, self._rules)
            debts = KnownDebts(self._ledger, self._db, stored.ledger)
            meta = derived(
                stored.ledger,
                derived_uuid("reply read", stored.ledger, stored.reply_id),
                actor=DUNNING,
                today=await self._ledger.today(stored.ledger),
                fingerprint=hashlib.sha256(stored.content).digest(),
            )
            await execute(
                self._ledger, meta, read_mail, cmd, KnownCorrespondents(self._db, stored.ledger), debts
            )
        except DomainError as error:
            log.warning("message.waits", ledger=stored.ledger, reply_id=stored.reply_id, code=error.code)
            pause_s = min(_MAX_PAUSE_S, 2.0 ** min(stored.tries, 10))
            await self._messages.put_off(stored.ledger, stored.reply_id, pause_s, f"{error.code}: {error}")
            return
        await self._messages.mark_read(stored.ledger, stored.reply_id)


async def reading_of(stored: StoredMessage, rules: ReadingRules) -> ReadMail:
    """Return the command of a stored message."""
    mail = await asyncio.to_thread(parse, stored.content, stored.recipients)
    return ReadMail(stored.reply_id, stored.source, mail, rules)
