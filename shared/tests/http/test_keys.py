"""API keys: what opens, what does not, and how often the database is asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from encours.http.access.keys import Grant, KeyStore, key_id, new_key

KEY = new_key()
GRANT = Grant(KEY.id, KEY.sha256, "test", frozenset({"invoices:read"}), frozenset({"ent_1"}), "demo")


class Table:
    """The table of keys, counting how often it is read."""

    def __init__(self, *grants: Grant) -> None:
        self.grants = {grant.id: grant for grant in grants}
        self.reads = 0

    async def __call__(self, wanted: str) -> Grant | None:
        self.reads += 1
        await asyncio.sleep(0)
        return self.grants.get(wanted)


async def test_a_key_opens_and_another_secret_does_not() -> None:
    store = KeyStore(Table(GRANT))
    assert await store.verify(KEY.token) == GRANT
    assert await store.verify(KEY.token[:-1] + ("0" if KEY.token[-1] != "0" else "1")) is None
    assert await store.verify("enc_") is None
    assert await store.verify(f"Bearer {KEY.token}") is None


async def test_an_expired_or_revoked_key_does_not_open() -> None:
    now = datetime.now(UTC)
    for ended in (replace(GRANT, expires_at=now - timedelta(seconds=1)), replace(GRANT, revoked_at=now)):
        assert await KeyStore(Table(ended)).verify(KEY.token) is None
    assert (
        await KeyStore(Table(replace(GRANT, expires_at=now + timedelta(days=1)))).verify(KEY.token)
        is not None
    )


async def test_a_key_is_read_once_while_it_is_believed_also_when_it_is_unknown() -> None:
    table = Table(GRANT)
    store = KeyStore(table)
    unknown = new_key().token
    for _ in range(5):
        assert await store.verify(KEY.token)
        assert await store.verify(unknown) is None
    assert table.reads == 2


async def test_requests_at_once_share_one_read_and_one_that_gives_up_leaves_it_to_the_others() -> None:
    table = Table(GRANT)
    store = KeyStore(table, believe_s=0)
    asked = [asyncio.ensure_future(store.verify(KEY.token)) for _ in range(10)]
    await asyncio.sleep(0)
    asked[0].cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert answers[1:] == [GRANT] * 9
    assert table.reads == 1


async def test_the_cache_is_bounded() -> None:
    store = KeyStore(Table(), max_keys=3)
    for _ in range(10):
        await store.verify(new_key().token)
    assert len(store._cache) == 3


def test_a_grant_bounds_scopes_and_entities() -> None:
    assert GRANT.allows("invoices:read")
    assert not GRANT.allows("invoices:write")
    assert (GRANT.covers("ent_1"), GRANT.covers("ent_2"), GRANT.limited_to) == (True, False, ("ent_1",))
    everything = replace(GRANT, scopes=frozenset({"*"}), entities=frozenset())
    assert everything.allows("risk:approve")
    assert everything.covers("ent_2")
    assert everything.limited_to is None


def test_a_secret_is_not_printed() -> None:
    secret = KEY.token.rpartition("_")[2]
    assert key_id(KEY.token) == KEY.id
    assert secret not in repr(KEY)
    assert KEY.sha256.hex() not in repr(GRANT)


async def test_a_grant_that_was_verified_holds_until_it_is_revoked_or_changed() -> None:
    table = Table(GRANT)
    store = KeyStore(table, believe_s=0)
    grant = await store.verify(KEY.token)
    assert grant is not None
    assert await store.still_holds(grant)
    for now in (
        replace(GRANT, revoked_at=datetime.now(UTC)),
        replace(GRANT, expires_at=datetime.now(UTC)),
        replace(GRANT, entities=frozenset({"ent_2"})),
        replace(GRANT, scopes=frozenset()),
    ):
        table.grants[GRANT.id] = now
        assert not await store.still_holds(grant)
    del table.grants[GRANT.id]
    assert not await store.still_holds(grant)
