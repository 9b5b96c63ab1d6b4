"""Commands on webhooks: make, rotate the secret, replay, delete. Each is carried out once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from encours.kernel.errors import Invalid, NotFound, Refusal
from encours.kernel.ids import derived_id
from encours.ledger import Ledger
from encours.ledger.command import CommandMeta
from encours.ledger.model import LedgerInfo
from reporting_svc.read_models.feed import matching_types
from reporting_svc.webhooks.caller import ReceiverCaller
from reporting_svc.webhooks.kept import KeptAnswer, NewAnswer, digest_of
from reporting_svc.webhooks.message import new_secret
from reporting_svc.webhooks.store import Conn, Webhook, WebhookStore

MAX_WEBHOOKS = 50
"""Webhooks of a ledger."""
Show = Callable[[Webhook, str | None], bytes]
"""Answer with a webhook, and with its secret where it is shown."""


class WebhookNotFound(NotFound):
    """The ledger has no webhook of this id that the key may see (404)."""

    code = "webhook-not-found"
    title = "Webhook not found"
    remedy = "Use an id from GET /v1/webhooks."


class TooManyWebhooks(Refusal):
    """The ledger has the largest number of webhooks (409)."""

    code = "too-many-webhooks"
    title = "Too many webhooks"
    remedy = "Delete a webhook that is not used, or let one receiver pass events on to others."

    def __init__(self) -> None:
        super().__init__(f"A ledger has at most {MAX_WEBHOOKS} webhooks.")


class CopySendsNothing(Refusal):
    """The ledger is a copy of another one (409)."""

    code = "copy-sends-nothing"
    title = "Nothing is sent from a copy"
    remedy = "Make the webhook in the ledger that was copied; read events here with GET /v1/events."


class ReplayBeforeRestore(Refusal):
    """The events were recorded before the ledger was loaded or restored (422)."""

    code = "replay-before-restore"
    title = "Events from before a restore are not sent"
    status = 422
    remedy = (
        "Replay from the position that the detail names; read earlier events with GET /v1/events. Earlier dead letters "
        "are sent with before_restore: the receiver may have had them, or may know events that the ledger has lost."
    )


@dataclass(frozen=True, slots=True)
class MakeWebhook:
    """A subscription to types (all if none is named) of entities (``None``: all of the key), behind ``after``."""

    url: str
    types: tuple[str, ...]
    entities: tuple[str, ...] | None
    description: str | None
    after: int | None


@dataclass(frozen=True, slots=True)
class ReplayEvents:
    """Events to send again: those after a position, or the dead letters; ``before_restore``: also those of before."""

    after: int | None
    before_restore: bool = False


class Webhooks:
    """Carries out the commands of callers."""

    def __init__(self, ledger: Ledger, store: WebhookStore, caller: ReceiverCaller) -> None:
        self._ledger, self._store, self._caller = ledger, store, caller

    async def make(self, meta: CommandMeta, wanted: MakeWebhook, key_id: str, show: Show) -> KeptAnswer:
        """Store a webhook; its answer is the only one that shows the secret.

        Raises :class:`WebhookAddressRefused`, :class:`CopySendsNothing`, :class:`TooManyWebhooks`, ``Invalid``.
        """

        if (kept := await self._store.kept(meta)) is not None:
            return kept
        matching_types(wanted.types, "/types")
        info = await self._ledger.info(meta.ledger, fresh=True)
        if info.copy_of is not None:
            raise CopySendsNothing(f"{meta.ledger} is a copy of {info.copy_of}.")
        # Not in the transaction: a name server that is slow would hold connections that other requests need.
        await self._caller.check(wanted.url)

        async def act(conn: Conn) -> NewAnswer:
            head = (await self._ledger.head(meta.ledger)).position
            after = head if wanted.after is None else await self._behind(meta.ledger, wanted.after)
            made = Webhook(
                id=derived_id("whk", meta.ledger, meta.command_id), ledger=meta.ledger, url=wanted.url,
                description=wanted.description, types=wanted.types, entities=wanted.entities, key_id=key_id,
                created_by=meta.actor, created_at=datetime.now(UTC), secret=new_secret(), secret_before=None,
                secret_before_until=None, state="active", problem=None, epoch=info.epoch, position=after, version=1,
            )  # fmt: skip
            if not await self._store.add(conn, made, MAX_WEBHOOKS):
                raise TooManyWebhooks
            return _with_secret(made, show)

        return await self._store.once(meta, act)

    async def rotate(self, meta: CommandMeta, webhook_id: str, overlap: timedelta, show: Show) -> KeptAnswer:
        """Give a webhook a new secret; the one before signs too until the overlap ends."""

        async def act(conn: Conn) -> NewAnswer:
            found = await self._locked(conn, meta, webhook_id)
            until = datetime.now(UTC) + overlap
            changed = replace(
                found, secret=new_secret(), secret_before=found.secret, secret_before_until=until
            )
            await self._store.change(conn, changed)
            return _with_secret(changed, show)

        return await self._store.once(meta, act)

    async def replay(
        self, meta: CommandMeta, webhook_id: str, wanted: ReplayEvents, show: Show
    ) -> KeptAnswer:
        """Queue events again, make a disabled webhook active, and try pending deliveries at once.

        Raises :class:`ReplayBeforeRestore`, and ``Invalid`` for a position that the ledger has not reached.
        """

        async def act(conn: Conn) -> NewAnswer:
            found = replace(await self._locked(conn, meta, webhook_id), state="active", problem=None)
            now = datetime.now(UTC)
            info = await self._ledger.info(meta.ledger, fresh=True)
            if info.epoch != found.epoch:
                # The worker has not seen the restore yet, and would give up what is queued here.
                await self._store.begin_epoch(found, info.epoch, info.effects_from, now, conn)
                found = replace(found, epoch=info.epoch, position=info.effects_from)
            if wanted.after is None:
                await self._require_known(conn, info, webhook_id, wanted)
                await self._store.revive(conn, webhook_id, now)
            else:
                position = await self._behind(meta.ledger, wanted.after)
                await self._store.forget_behind(conn, webhook_id, position)
                found = replace(found, position=min(found.position, position))
            await self._store.retry_now(conn, webhook_id, now)
            await self._store.change(conn, found)
            return NewAnswer.of(show(found, None))

        return await self._store.once(meta, act)

    async def delete(self, meta: CommandMeta, webhook_id: str, show: Show) -> KeptAnswer:
        """Delete a webhook with its deliveries; a call that is being made ends."""

        async def act(conn: Conn) -> NewAnswer:
            found = await self._locked(conn, meta, webhook_id)
            await self._store.delete(conn, webhook_id)
            return NewAnswer.of(show(found, None))

        return await self._store.once(meta, act)

    async def _locked(self, conn: Conn, meta: CommandMeta, webhook_id: str) -> Webhook:
        found = await self._store.get(meta.ledger, webhook_id, conn)
        if found is None:
            raise WebhookNotFound(webhook_id)
        require_sight(found, meta.entities)
        return found

    async def _require_known(
        self, conn: Conn, info: LedgerInfo, webhook_id: str, wanted: ReplayEvents
    ) -> None:
        """Refuse dead letters of before a restore, unless the caller knows of them."""
        effects_from = info.effects_from
        before = await self._store.dead_upto(conn, webhook_id, effects_from)
        if before and not wanted.before_restore:
            raise ReplayBeforeRestore(
                f"{before} dead letters are older than the load or restore of the ledger at position {effects_from}.",
                "/before_restore",
            )

    async def _behind(self, ledger: str, after: int) -> int:
        """Return the position behind which events are sent. Raises for one beyond the head or before a restore."""
        head = (await self._ledger.head(ledger)).position
        if after > head:
            raise Invalid(f"The ledger's last position is {head}: choose one up to it.", "/after")
        effects_from = (await self._ledger.info(ledger, fresh=True)).effects_from
        if after < effects_from:
            raise ReplayBeforeRestore(
                f"The ledger was loaded or restored at position {effects_from}: begin there.", "/after"
            )
        return after


def _with_secret(webhook: Webhook, show: Show) -> NewAnswer:
    """Return the answer that shows a new secret; the stored copy has its digest."""
    return NewAnswer(show(webhook, webhook.secret), show(webhook, digest_of(webhook.secret)))


def sends(info: LedgerInfo) -> bool:
    """Return True for a ledger whose events are sent to receivers: a live one that is not a copy."""
    return info.kind == "live" and info.copy_of is None


def require_sight(webhook: Webhook, granted: tuple[str, ...] | None) -> None:
    """Raise :class:`WebhookNotFound` for a webhook that sends more than the key may read."""
    if granted is not None and (webhook.entities is None or not set(webhook.entities) <= {*granted}):
        raise WebhookNotFound(webhook.id)
