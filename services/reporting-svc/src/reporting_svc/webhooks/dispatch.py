"""Deliveries of one worker: queue the events of the ledger, call the receivers, in order per object.

Every state is in the tables: a process that is killed loses nothing, and what it was sending is sent again. One worker
delivers at a time (its lease). Each webhook is served by a task of its own with a few calls at once, so a slow receiver
delays no other. One that accepted nothing in a round of calls rests as a whole; a single call then tries it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from encours.contracts import NewerVersion, UnknownType
from encours.http.access.keys import Fetch, Grant
from encours.kernel.errors import DomainError
from encours.kernel.tasks import end
from encours.ledger import Ledger
from encours.ledger.model import LedgerInfo
from encours.ledger.reader import UNREADABLE
from encours.postgres.connection import FAILED
from encours.postgres.leases import Leases
from reporting_svc.domain.webhook.retry import GIVE_UP_AFTER, next_attempt, rest_until
from reporting_svc.read_models.feed import EventFilter, Feed, StoredEvent, matching_types
from reporting_svc.webhooks.caller import CallOutcome, ReceiverCaller
from reporting_svc.webhooks.message import cloud_event, message_id, signed_headers
from reporting_svc.webhooks.requests import sends
from reporting_svc.webhooks.store import Webhook, WebhookDelivery, WebhookStore

SCOPE = "audit:read"
"""Scope of the key that made a webhook: that of the feed, whose events it sends."""
MAX_PENDING = 10_000
"""Deliveries that wait at one webhook; events behind them stay in the ledger until there is room."""
AT_ONCE = 8
"""Calls of one receiver at once, each of another stream."""
_PAGE = 500
_POLL_S = 0.5
_PAUSE = timedelta(seconds=10)
"""Time for which a webhook rests after a fault of this process, such as an unavailable database."""
_PURGE_EVERY_S = 3_600.0
_LEASE = "webhooks"
_NO_GRANT = "The API key that made it was revoked, has expired, or may no longer read events."
_GONE = "The receiver answered 410 Gone: it wants no more events."
_SILENT = "The receiver accepted nothing for three days."
_WITHHELD = "The API key that made it may no longer read events of this entity."

log = structlog.get_logger()


def utc_now() -> datetime:
    """Return the time of the wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Rest:
    """Rest of a webhook until a time, unless a caller changes it or, while it has room, its ledger moves."""

    version: int
    until: datetime | None
    is_full: bool


@dataclass(frozen=True, slots=True)
class _Failing:
    """A receiver that accepted nothing in some rounds in a row. It rests until a time, unless a caller changes it."""

    version: int
    rounds: int
    until: datetime


class WebhookDispatcher:
    """Serves every active webhook. ``clock`` gives the time from which pauses are counted."""

    def __init__(
        self,
        ledger: Ledger,
        feed: Feed,
        store: WebhookStore,
        grants: Fetch,
        caller: ReceiverCaller,
        leases: Leases,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._ledger, self._feed, self._store, self._caller = ledger, feed, store, caller
        self._grants, self._leases, self._clock = grants, leases, clock
        self._rests: dict[str, _Rest] = {}
        self._failing: dict[str, _Failing] = {}
        self._purged_at = float("-inf")

    async def run(self) -> None:
        """Serve until cancelled. It resumes after the loss of the database or of the lease."""
        while True:
            try:
                await self._store.prepare()
                await self._serve()
            except (*FAILED, DomainError) as error:
                log.warning("webhooks.paused", reason=f"{type(error).__name__}: {error}")
            await asyncio.sleep(_POLL_S)

    async def _serve(self) -> None:
        token = await self._leases.acquire(_LEASE)
        if token is None:
            return
        serving: dict[str, asyncio.Task[None]] = {}
        self._rests.clear()
        self._failing.clear()
        try:
            while self._leases.holds(token):
                serving = {name: task for name, task in serving.items() if not task.done()}
                for webhook in await self._store.active():
                    if webhook.id not in serving and await self._has_work(webhook):
                        serving[webhook.id] = asyncio.create_task(self._guarded(webhook))
                await self._purge()
                await asyncio.sleep(_POLL_S)
        finally:
            await end(serving.values())
            await self._leases.release(token, _LEASE)

    async def _has_work(self, webhook: Webhook) -> bool:
        rest = self._rests.get(webhook.id)
        if rest is None or rest.version != webhook.version:
            return True
        if rest.until is not None and rest.until <= self._clock():
            return True
        try:
            info = await self._ledger.info(webhook.ledger)
            head = (await self._ledger.head(webhook.ledger)).position
        except DomainError:
            return False  # a sandbox that was dropped
        return info.epoch != webhook.epoch or (head > webhook.position and not rest.is_full)

    async def _guarded(self, webhook: Webhook) -> None:
        """Serve one webhook; a fault of it is no fault of others."""
        try:
            while await self.serve_once(webhook.ledger, webhook.id):
                pass
        except (*FAILED, DomainError) as error:
            log.warning("webhook.paused", webhook=webhook.id, reason=f"{type(error).__name__}: {error}")
            self._rests[webhook.id] = _Rest(webhook.version, self._clock() + _PAUSE, True)
        except Exception as error:
            log.exception("webhook.failed", webhook=webhook.id, reason=f"{type(error).__name__}: {error}")
            self._rests[webhook.id] = _Rest(webhook.version, self._clock() + _PAUSE, True)

    async def serve_once(self, ledger: str, webhook_id: str) -> bool:
        """Queue a page of events and make the calls that are due; return False if there is nothing more for now."""
        webhook = await self._store.get(ledger, webhook_id)
        if webhook is None or webhook.state != "active":
            return False
        info = await self._ledger.info(ledger, fresh=True)
        if not sends(info):
            self._rests[webhook.id] = _Rest(webhook.version, None, True)
            return False
        grant = await self._grant(webhook)
        if grant is None:
            await self._store.disable(webhook.id, _NO_GRANT)
            return False
        if info.epoch != webhook.epoch:
            await self._store.begin_epoch(webhook, info.epoch, info.effects_from, self._clock())
            return True
        is_full, queued = await self._queue(webhook, info, grant)
        failing = self._failing_now(webhook)
        heads = await self._store.heads(webhook.id, 1 if failing else AT_ONCE)
        rested_at = failing.until if failing else datetime.min.replace(tzinfo=UTC)
        due = [each for each in heads if max(each.next_at, rested_at) <= self._clock()]
        if due:
            await self._judge(webhook, await self._deliver_all(webhook, grant, due))
        elif not queued:
            until = max(heads[0].next_at, rested_at) if heads else None
            self._rests[webhook.id] = _Rest(webhook.version, until, is_full)
            return False
        return True

    def _failing_now(self, webhook: Webhook) -> _Failing | None:
        """Return the rest of a receiver; a caller who changes the webhook ends it."""
        failing = self._failing.get(webhook.id)
        return failing if failing is not None and failing.version == webhook.version else None

    async def _judge(self, webhook: Webhook, answers: list[CallOutcome]) -> None:
        """Let a receiver rest if it failed in a whole round; end the rest of one that works."""
        failed = [each for each in answers if each.is_failure]
        if any(not (each.is_failure or each.not_called) for each in answers):
            self._failing.pop(webhook.id, None)
        elif failed:
            before, now = self._failing_now(webhook), self._clock()
            rounds = 1 + (before.rounds if before else 0)
            asked_s = max(each.retry_after_s or 0 for each in failed)
            until = rest_until(rounds, now, retry_after_s=asked_s)
            self._failing[webhook.id] = _Failing(webhook.version, rounds, until)
            await self._store.age_heads(webhook.id, now, now - GIVE_UP_AFTER, _SILENT)

    async def _grant(self, webhook: Webhook) -> Grant | None:
        """Return the grant, at this moment, of the key that made a webhook; None if it may no longer read events."""
        grant = await self._grants(webhook.key_id)
        if grant is None or not grant.valid_at(utc_now()) or not grant.allows(SCOPE):
            return None
        return grant

    async def _queue(self, webhook: Webhook, info: LedgerInfo, grant: Grant) -> tuple[bool, bool]:
        """Store deliveries for a page of events; return True if there is no room, and True if the position moved."""
        if await self._store.pending(webhook.id) > MAX_PENDING - _PAGE:
            return True, False
        after = max(webhook.position, info.effects_from)
        wanted = EventFilter(matching_types(webhook.types), None, _common(webhook.entities, grant.limited_to))
        page = await self._feed.page(webhook.ledger, after, _PAGE, wanted)
        if page.upto <= webhook.position:
            return False, False
        return False, await self._store.queue(webhook, page.events, page.upto, self._clock())

    async def _deliver_all(
        self, webhook: Webhook, grant: Grant, due: list[WebhookDelivery]
    ) -> list[CallOutcome]:
        events = await self._feed.at(webhook.ledger, [each.position for each in due])
        results = await asyncio.gather(
            *(self._deliver(webhook, grant, each, events[each.position]) for each in due)
        )
        if any(answer.is_gone for answer in results):
            await self._store.disable(webhook.id, _GONE)
        return results

    async def _deliver(
        self, webhook: Webhook, grant: Grant, delivery: WebhookDelivery, event: StoredEvent
    ) -> CallOutcome:
        began = self._clock()
        if not grant.covers(event["entity"]):
            withheld = CallOutcome(None, _WITHHELD, not_called=True)
            await self._store.settle(_given_up(delivery, began, withheld))
            return withheld
        answer = await self._call(webhook, event)
        await self._store.settle(_after(delivery, answer, began, self._clock()))
        return answer

    async def _call(self, webhook: Webhook, event: StoredEvent) -> CallOutcome:
        try:
            content = cloud_event(webhook.ledger, event)
        except (UnknownType, NewerVersion, *UNREADABLE) as error:
            return CallOutcome(
                None, f"the event cannot be read by this program: {error}"[:300], not_called=True
            )
        now = utc_now()  # receivers compare the time of the signature with their own clock
        headers = signed_headers(message_id(event), content, webhook.secrets_at(now), now)
        return await self._caller.post(webhook.url, content, headers)

    async def _purge(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._purged_at > _PURGE_EVERY_S:
            self._purged_at = now
            await self._store.purge(self._clock())


def _common(wanted: tuple[str, ...] | None, granted: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return the entities of a webhook that its key may read; None for all."""
    if wanted is None or granted is None:
        return granted if wanted is None else wanted
    return tuple(sorted({*wanted} & {*granted}))


def _after(delivery: WebhookDelivery, answer: CallOutcome, began: datetime, now: datetime) -> WebhookDelivery:
    """Return a delivery after an attempt: delivered, pending with its next attempt, or dead."""
    first_at = delivery.first_at or began
    tried = replace(
        delivery, tries=delivery.tries + 1, first_at=first_at, status=answer.status, detail=answer.detail
    )
    if answer.is_delivered:
        return replace(tried, state="delivered", ended_at=now)
    later = next_attempt(first_at, tried.tries, now, retry_after_s=answer.retry_after_s)
    return _given_up(delivery, now, answer) if later is None else replace(tried, next_at=later)


def _given_up(delivery: WebhookDelivery, now: datetime, answer: CallOutcome) -> WebhookDelivery:
    return replace(
        delivery, state="dead", tries=delivery.tries + 1, first_at=delivery.first_at or now, ended_at=now,
        status=answer.status, detail=answer.detail,
    )  # fmt: skip
