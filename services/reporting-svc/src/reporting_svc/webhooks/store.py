"""The tables of webhooks: subscriptions, deliveries, commands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from msgspec import json

from encours.ledger.command import CommandMeta
from encours.ledger.errors import CommandReused
from encours.postgres.own_tables import OwnTables
from encours.reading.where import Where
from reporting_svc.webhooks.kept import KeptAnswer, NewAnswer, digest_of

if TYPE_CHECKING:
    from encours.reading.pages import Page

WebhookState = Literal["active", "disabled"]
DeliveryState = Literal["pending", "delivered", "dead"]
KEPT = timedelta(days=30)
"""Time for which deliveries that arrived can be listed. Dead letters are kept with their webhook."""
_COMMANDS_KEPT = timedelta(days=2)
_RESTORED = "The ledger was loaded or restored: what was decided before is not sent again."
Conn = asyncpg.Connection | PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription. Events up to ``position`` have a delivery, or are not wanted."""

    id: str
    ledger: str
    url: str
    description: str | None
    types: tuple[str, ...]
    entities: tuple[str, ...] | None
    key_id: str
    created_by: str
    created_at: datetime
    secret: str
    secret_before: str | None
    secret_before_until: datetime | None
    state: WebhookState
    problem: str | None
    epoch: int
    position: int
    version: int

    def secrets_at(self, now: datetime) -> list[str]:
        """Return the secrets that sign: two while a rotation overlaps."""
        until = self.secret_before_until
        overlaps = self.secret_before is not None and until is not None and now < until
        return [self.secret, self.secret_before] if overlaps and self.secret_before else [self.secret]


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One event for one webhook."""

    webhook_id: str
    position: int
    stream: str
    type: str
    event_id: UUID
    state: DeliveryState
    tries: int
    first_at: datetime | None
    next_at: datetime
    ended_at: datetime | None
    status: int | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """Deliveries of a webhook that wait, and those that were given up."""

    pending: int = 0
    dead: int = 0
    oldest_at: datetime | None = None
    """First attempt of the oldest delivery that waits for another."""


_FIELDS = ", ".join(Webhook.__dataclass_fields__)
_DELIVERY = ", ".join(WebhookDelivery.__dataclass_fields__)
_BACKLOG = """select d.webhook_id, count(*) filter (where d.state = 'pending') as pending,
  count(*) filter (where d.state = 'dead') as dead, min(d.first_at) filter (where d.state = 'pending') as oldest_at
  from encours_webhooks.delivery d"""


def as_webhook(row: Mapping[str, Any] | asyncpg.Record) -> Webhook:
    """Return the webhook of a row."""
    entities = row["entities"]
    return Webhook(
        **{
            **dict(row),
            "types": tuple(row["types"]),
            "entities": None if entities is None else tuple(entities),
        }
    )


class WebhookStore(OwnTables):
    """Reads and writes the tables of ``migrations/0002_webhooks.sql``."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool, ("reporting_svc.migrations", "0002_webhooks.sql"), lock="encours_webhooks")

    async def once(self, meta: CommandMeta, act: Callable[[Conn], Awaitable[NewAnswer]]) -> KeptAnswer:
        """Carry out a command in one transaction with its answer; a repetition gets that answer.

        The answer is stored with a digest in place of a secret: a repetition gets the secret while it is one of the
        webhook's, and ``null`` afterwards.

        Raises :class:`CommandReused` for another request under the same id, and what ``act`` raises.
        """
        async with self._pool.acquire() as conn, conn.transaction():
            # The lock lasts as long as the transaction: a repetition that arrives meanwhile waits for the answer.
            await conn.execute(
                "select pg_advisory_xact_lock(hashtext($1))", f"{meta.ledger} {meta.command_id}"
            )
            if (kept := await self.kept(meta, conn)) is not None:
                return kept
            answer = await act(conn)
            await conn.execute(
                """insert into encours_webhooks.command (ledger, command_id, fingerprint, answer)
                   values ($1, $2, $3, $4)""",
                meta.ledger,
                meta.command_id,
                meta.fingerprint,
                answer.kept,
            )
        return KeptAnswer(answer.content, False)

    async def kept(self, meta: CommandMeta, conn: Conn | None = None) -> KeptAnswer | None:
        """Return the answer to an earlier run of a command. Raises :class:`CommandReused`."""
        row = await (conn or self._pool).fetchrow(
            "select fingerprint, answer from encours_webhooks.command where ledger = $1 and command_id = $2",
            meta.ledger,
            meta.command_id,
        )
        if row is None:
            return None
        if row["fingerprint"] != meta.fingerprint:
            raise CommandReused
        return KeptAnswer(await self._filled(meta.ledger, row["answer"], conn), True)

    async def _filled(self, ledger: str, kept: bytes, conn: Conn | None) -> bytes:
        """Return a stored answer with the secret in place of its digest, or ``null``."""
        fields: dict[str, Any] = json.decode(kept)
        if (digest := fields.get("secret")) is None:
            return kept
        found = await self.get(ledger, fields["id"], conn)
        known = () if found is None else (found.secret, found.secret_before)
        secret = next((each for each in known if each is not None and digest_of(each) == digest), None)
        return json.encode(fields | {"secret": secret})

    async def add(self, conn: Conn, wanted: Webhook, most: int) -> bool:
        """Store a webhook; False if the ledger has ``most`` already."""
        await conn.execute("select pg_advisory_xact_lock(hashtext($1))", f"webhooks {wanted.ledger}")
        count = await conn.fetchval(
            "select count(*) from encours_webhooks.webhook where ledger = $1", wanted.ledger
        )
        if count >= most:
            return False
        columns = list(Webhook.__dataclass_fields__)
        marks = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
        await conn.execute(
            f"insert into encours_webhooks.webhook ({_FIELDS}) values ({marks})",
            *(getattr(wanted, name) for name in columns),
        )
        return True

    async def get(self, ledger: str, webhook_id: str, conn: Conn | None = None) -> Webhook | None:
        """Return a webhook of the ledger, or None; with a connection it is locked until the transaction ends."""
        row = await (conn or self._pool).fetchrow(
            f"select {_FIELDS} from encours_webhooks.webhook where ledger = $1 and id = $2"
            + ("" if conn is None else " for update"),
            ledger,
            webhook_id,
        )
        return None if row is None else as_webhook(row)

    async def of_ledger(self, ledger: str, granted: tuple[str, ...] | None) -> list[Webhook]:
        """Return the webhooks of a ledger that send events of these entities alone, oldest first; None: all."""
        rows = await self._pool.fetch(
            f"""select {_FIELDS} from encours_webhooks.webhook
                 where ledger = $1 and ($2::text[] is null or entities <@ $2) order by created_at, id""",
            ledger,
            granted,
        )
        return [as_webhook(row) for row in rows]

    async def active(self) -> list[Webhook]:
        """Return the webhooks of all ledgers that are served."""
        rows = await self._pool.fetch(
            f"select {_FIELDS} from encours_webhooks.webhook where state = 'active' order by created_at, id"
        )
        return [as_webhook(row) for row in rows]

    async def backlogs(self, webhooks: Sequence[str]) -> dict[str, Backlog]:
        """Return the backlog of each of these webhooks."""
        rows = await self._pool.fetch(
            f"{_BACKLOG} where d.webhook_id = any($1) and d.state in ('pending', 'dead') group by d.webhook_id",
            list(webhooks),
        )
        found = {row["webhook_id"]: Backlog(row["pending"], row["dead"], row["oldest_at"]) for row in rows}
        return {webhook: found.get(webhook, Backlog()) for webhook in webhooks}

    async def backlog_of_ledgers(self) -> list[tuple[str, int, int]]:
        """Return ledger, deliveries that wait, and dead letters of every ledger with webhooks."""
        rows = await self._pool.fetch(
            """select w.ledger, count(d.*) filter (where d.state = 'pending'),
                      count(d.*) filter (where d.state = 'dead')
                 from encours_webhooks.webhook w left join encours_webhooks.delivery d
                   on d.webhook_id = w.id and d.state in ('pending', 'dead') group by w.ledger"""
        )
        return [(row[0], row[1], row[2]) for row in rows]

    async def deliveries(
        self, webhook_id: str, page: Page, state: DeliveryState | None
    ) -> list[asyncpg.Record]:
        """Return a page of a webhook's deliveries."""
        where = Where(None).equal("webhook_id", webhook_id).equal("state", state)
        statement = where.page_sql(page, _DELIVERY, "encours_webhooks.delivery")
        rows: list[asyncpg.Record] = await self._pool.fetch(statement, *where.arguments)
        return rows

    async def change(self, conn: Conn, webhook: Webhook) -> None:
        """Store secrets, state and position of a webhook that a caller changes; its new version ends its rest."""
        await conn.execute(
            """update encours_webhooks.webhook set secret = $2, secret_before = $3, secret_before_until = $4,
                 state = $5, problem = $6, position = $7, version = version + 1 where id = $1""",
            *(webhook.id, webhook.secret, webhook.secret_before, webhook.secret_before_until),
            *(webhook.state, webhook.problem, webhook.position),
        )

    async def delete(self, conn: Conn, webhook_id: str) -> None:
        """Delete a webhook with its deliveries."""
        await conn.execute("delete from encours_webhooks.webhook where id = $1", webhook_id)

    async def forget_behind(self, conn: Conn, webhook_id: str, position: int) -> None:
        """Delete the deliveries behind a position: their events are queued again."""
        await conn.execute(
            "delete from encours_webhooks.delivery where webhook_id = $1 and position > $2",
            webhook_id,
            position,
        )

    async def revive(self, conn: Conn, webhook_id: str, now: datetime) -> None:
        """Queue the dead letters again, with three new days."""
        await conn.execute(
            """update encours_webhooks.delivery
                  set state = 'pending', tries = 0, first_at = null, ended_at = null, next_at = $2
                where webhook_id = $1 and state = 'dead'""",
            webhook_id,
            now,
        )

    async def dead_upto(self, conn: Conn, webhook_id: str, position: int) -> int:
        """Return the number of dead letters up to a position."""
        found: int = await conn.fetchval(
            """select count(*) from encours_webhooks.delivery
                where webhook_id = $1 and state = 'dead' and position <= $2""",
            webhook_id,
            position,
        )
        return found

    async def retry_now(self, conn: Conn, webhook_id: str, now: datetime) -> None:
        """Make every pending delivery due at once, with three new days."""
        await conn.execute(
            """update encours_webhooks.delivery set next_at = $2, tries = 0, first_at = null
                where webhook_id = $1 and state = 'pending'""",
            webhook_id,
            now,
        )

    async def disable(self, webhook_id: str, problem: str) -> None:
        """Stop serving a webhook until a caller replays. Pending deliveries are kept."""
        await self._pool.execute(
            "update encours_webhooks.webhook set state = 'disabled', problem = $2 where id = $1",
            webhook_id,
            problem,
        )

    async def begin_epoch(
        self, webhook: Webhook, epoch: int, position: int, now: datetime, within: Conn | None = None
    ) -> None:
        """Go on behind a position of a ledger that was restored; pending deliveries become dead letters.

        ``within``: the connection of a transaction that holds the webhook.
        """
        async with self._transaction(within) as conn:
            # The ledger will have other events at these positions, which would not be queued beside them.
            await self.forget_behind(conn, webhook.id, position)
            await conn.execute(
                """update encours_webhooks.delivery set state = 'dead', ended_at = $2, detail = $3
                    where webhook_id = $1 and state = 'pending'""",
                *(webhook.id, now, _RESTORED),
            )
            await conn.execute(
                "update encours_webhooks.webhook set epoch = $2, position = $3 where id = $1 and epoch = $4",
                *(webhook.id, epoch, position, webhook.epoch),
            )

    @asynccontextmanager
    async def _transaction(self, within: Conn | None) -> AsyncIterator[Conn]:
        if within is not None:
            yield within
            return
        async with self._pool.acquire() as conn, conn.transaction():
            yield conn

    async def queue(
        self, webhook: Webhook, events: Sequence[Mapping[str, Any]], upto: int, now: datetime
    ) -> bool:
        """Store deliveries and the position that they reach, both or none; False if a caller moved it meanwhile."""
        async with self._pool.acquire() as conn, conn.transaction():
            moved = await conn.fetchval(
                """update encours_webhooks.webhook set position = $3
                    where id = $1 and position = $2 and epoch = $4 returning true""",
                *(webhook.id, webhook.position, upto, webhook.epoch),
            )
            if moved and events:
                await conn.executemany(
                    """insert into encours_webhooks.delivery
                         (webhook_id, position, stream, type, event_id, state, next_at)
                       values ($1, $2, $3, $4, $5, 'pending', $6) on conflict do nothing""",
                    [(webhook.id, e["position"], e["stream"], e["type"], e["event_id"], now) for e in events],
                )
        return bool(moved)

    async def pending(self, webhook_id: str) -> int:
        """Return the number of pending deliveries."""
        found: int = await self._pool.fetchval(
            "select count(*) from encours_webhooks.delivery where webhook_id = $1 and state = 'pending'",
            webhook_id,
        )
        return found

    async def heads(self, webhook_id: str, limit: int) -> list[WebhookDelivery]:
        """Return the oldest pending delivery of each stream, those due first.

        A later event of a stream is not among them, so it cannot overtake.
        """
        rows = await self._pool.fetch(
            f"""select {_DELIVERY} from (
                  select distinct on (stream) {_DELIVERY} from encours_webhooks.delivery
                   where webhook_id = $1 and state = 'pending' order by stream, position) head
                 order by next_at, position limit $2""",
            webhook_id,
            limit,
        )
        return [WebhookDelivery(**dict(row)) for row in rows]

    async def settle(self, after: WebhookDelivery) -> None:
        """Store the outcome of an attempt, unless the delivery was queued again meanwhile."""
        await self._pool.execute(
            """update encours_webhooks.delivery set state = $3, tries = $4, first_at = $5, next_at = $6, ended_at = $7,
                 status = $8, detail = $9
                where webhook_id = $1 and position = $2 and state = 'pending' and tries = $4 - 1""",
            *(after.webhook_id, after.position, after.state, after.tries, after.first_at, after.next_at),
            *(after.ended_at, after.status, after.detail),
        )

    async def age_heads(self, webhook_id: str, now: datetime, given_up_before: datetime, why: str) -> None:
        """Date the first attempt of the oldest delivery of each stream while their receiver rests; give up old ones."""
        await self._pool.execute(
            """with head as (select distinct on (stream) position from encours_webhooks.delivery
                              where webhook_id = $1 and state = 'pending' order by stream, position)
               update encours_webhooks.delivery d
                  set first_at = coalesce(first_at, $2),
                      state = case when first_at <= $3 then 'dead' else state end,
                      ended_at = case when first_at <= $3 then $2 end,
                      detail = case when first_at <= $3 then $4 else detail end
                 from head where d.webhook_id = $1 and d.position = head.position
                  and (first_at is null or first_at <= $3)""",
            webhook_id,
            now,
            given_up_before,
            why,
        )

    async def purge(self, now: datetime) -> None:
        """Delete old deliveries that arrived, and the answers of old commands."""
        await self._pool.execute(
            "delete from encours_webhooks.delivery where state = 'delivered' and ended_at < $1", now - KEPT
        )
        await self._pool.execute("delete from encours_webhooks.command where at < $1", now - _COMMANDS_KEPT)
