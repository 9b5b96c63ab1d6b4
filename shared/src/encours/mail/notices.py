"""Dispatch of notices beside reminders, from the read model alone: store the attempt, send, record the outcome."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Generic, Literal, Protocol, TypeVar

import structlog

from encours.contracts import Event, decode, encode, event_class
from encours.contracts.events.dunning.reminders import Channel, MessageProof
from encours.kernel.errors import DomainError
from encours.ledger import Ledger
from encours.ledger.errors import CommandReused, LedgerUnavailable, VersionConflict
from encours.ledger.model import LedgerInfo
from encours.mail.attempts import Attempt, Attempts, Claim
from encours.mail.mime import message_id
from encours.mail.smtp import Handed
from encours.reading.read_db import ReadDb

R = TypeVar("R")
P = TypeVar("P")
DOWN_PAUSE_S = 5.0
AT_ONCE = 16
"""Notices whose attempts are stored in one transaction: as many may be unconfirmed after a crash."""
MAX_AGE = timedelta(hours=72)
_MAX_PAUSE_S = 600.0
_GRACE_S = 10.0

log = structlog.get_logger()


def settled(handed: Handed, age: timedelta) -> Literal["sent", "unconfirmed", "failed"] | None:
    """Return what a delivery came to, so long after its first try; ``None`` for another try."""
    match handed.verdict:
        case "accepted":
            return "sent"
        case "unknown":
            return "unconfirmed"
        case "deferred" | "unreachable" | "open" if age <= MAX_AGE:
            return None
        case "refused" | "deferred" | "unreachable" | "open":
            return "failed"


class Carrying(Protocol):
    """Ways in which notices leave, as far as a dispatcher has to know them."""

    def is_down(self, channel: Channel) -> bool:
        """Return True for some seconds after the channel's server was unreachable."""

    def rest(self, channel: Channel, reason: str) -> None:
        """Give the channel's server :data:`DOWN_PAUSE_S`: it is unreachable."""


C = TypeVar("C", bound=Carrying)


class NoticeDispatcher(ABC, Generic[R, P, C]):
    """Dispatches one kind of notices by one channel, requested as ``R`` and sent as ``P``, by the id of their streams.

    One channel each, so that a server that is down holds up nothing that leaves by another.
    """

    def __init__(
        self, ledger: Ledger, db: ReadDb, attempts: Attempts, carriers: C, channel: Channel = "email"
    ) -> None:
        self.ledger, self.db, self.carriers, self.channel = ledger, db, carriers, channel
        self._attempts = attempts
        self._sending: asyncio.Task[bool] | None = None

    async def prepare(self) -> None:
        """Create the table of attempts unless it is there."""
        await self._attempts.prepare()

    async def pick_up(self, info: LedgerInfo) -> bool:
        """Send the oldest notices without an outcome; return True if there were any, or may be."""
        if self.carriers.is_down(self.channel):
            return True
        # Shielded: a stop of the worker does not interrupt a message.
        self._sending = asyncio.create_task(self._pick_up(info))
        return await asyncio.shield(self._sending)

    async def close(self) -> None:
        """Wait for messages that are being sent; one that is interrupted is recorded as unconfirmed."""
        if self._sending is not None:
            await asyncio.wait({self._sending}, timeout=_GRACE_S)

    @abstractmethod
    async def requested(self, info: LedgerInfo) -> tuple[Mapping[str, R], bool]:
        """Return at most :data:`AT_ONCE` notices that may leave now, and True if there are any."""

    @abstractmethod
    async def standing(self, info: LedgerInfo, fresh: Mapping[str, R], today: date) -> Mapping[str, P] | None:
        """Return the notices that still hold, ready to be sent; ``None`` to wait for the read model."""

    @abstractmethod
    async def send(
        self, info: LedgerInfo, key: str, prepared: P, claim: Claim
    ) -> tuple[Handed, MessageProof | None]:
        """Hand one over. Raises ``ValueError`` or ``LookupError`` for one that cannot be made."""

    @abstractmethod
    def outcome(
        self, ledger: str, request: R, handed: Handed, age: timedelta, proof: MessageProof | None
    ) -> Event | None:
        """Return the outcome of a delivery; ``None`` for another try."""

    @abstractmethod
    async def append(self, ledger: str, request: R, outcome: Event, on: date) -> None:
        """Append the outcome."""

    async def _pick_up(self, info: LedgerInfo) -> bool:
        requests, some = await self.requested(info)
        if not requests:
            return some
        noted = await self._attempts.read(info.name, list(requests))
        begun = {key for key, attempt in noted.items() if attempt.state != "deferred"}
        today = await self.ledger.today(info.name)
        for key in begun:
            await self._conclude(info.name, key, requests[key], noted[key], today)
        fresh = {key: each for key, each in requests.items() if key not in begun}
        prepared = await self.standing(info, fresh, today) if fresh else {}
        if prepared is None:
            return True
        claimed = await self._attempts.claim(
            info.name, [(key, message_id(info.name, key)) for key in prepared]
        )
        await asyncio.gather(
            *(
                self._deliver(info, key, requests[key], each, claimed[key], today)
                for key, each in prepared.items()
                if key in claimed
            )
        )
        return True

    async def _deliver(
        self, info: LedgerInfo, key: str, request: R, prepared: P, claim: Claim, today: date
    ) -> None:
        proof = None
        try:
            handed, proof = await self.send(info, key, prepared, claim)
        except (ValueError, LookupError) as error:
            # An invalid address or a missing template is a failure of this message alone.
            handed = Handed("refused", " ".join(f"{error}".split())[:400] or type(error).__name__)
        outcome = self.outcome(info.name, request, handed, claim.age, proof)
        if outcome is not None:
            await self.record(info.name, key, request, outcome, today)
            return
        pause_s = handed.retry_after_s or min(_MAX_PAUSE_S, 2.0 ** min(claim.tries, 10))
        if handed.verdict in ("unreachable", "open"):
            self.carriers.rest(self.channel, handed.evidence)
            pause_s = DOWN_PAUSE_S
        await self._attempts.defer(info.name, key, pause_s)

    async def _conclude(self, ledger: str, key: str, request: R, attempt: Attempt, today: date) -> None:
        """Record the outcome of an earlier attempt: the answer that was kept, or unconfirmed after a crash."""
        outcome: Event | None = None
        if attempt.state == "answered" and attempt.outcome and attempt.outcome_type:
            kind = event_class(attempt.outcome_type)
            outcome = decode(attempt.outcome_type, kind.VERSION, attempt.outcome.encode())
        elif attempt.state == "handing" and attempt.owner != self._attempts.owner:
            outcome = self.outcome(ledger, request, Handed("unknown", ""), attempt.age, None)
        if outcome is not None:
            await self.record(ledger, key, request, outcome, today)

    async def record(self, ledger: str, key: str, request: R, outcome: Event, on: date) -> None:
        """Append the outcome, or keep it until the ledger is available again."""
        try:
            await self.append(ledger, request, outcome, on)
        except (VersionConflict, CommandReused):
            log.debug("notice.outcome_known", ledger=ledger, notice=key)
        except LedgerUnavailable:
            log.warning("notice.outcome_kept", ledger=ledger, notice=key)
            await self._attempts.keep_outcome(ledger, key, outcome.TYPE, encode(outcome).decode())
        except DomainError as error:
            log.error("notice.outcome_refused", ledger=ledger, notice=key, code=error.code)
