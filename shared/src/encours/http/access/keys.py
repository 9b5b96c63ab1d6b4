"""API keys: ``enc_<id>_<secret>``. The ledger's database keeps the id in the clear and SHA-256 of the whole key.

A plain hash is enough, and fast enough to check on every request, because the secret is 256 random bits and not
something a person thought of.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg

from encours.kernel.errors import Invalid
from encours.kernel.ids import is_id
from encours.ledger.api_keys import read_key

_KEY = re.compile(r"enc_([0-9a-z]{4,32})_([0-9A-Za-z]{20,128})")
_ALL = "*"
SCOPES = frozenset(
    {
        *(
            "audit:read",
            "clock:write",
            "metrics:read",
            "invoices:approve",
            "invoices:read",
            "invoices:write",
            "payments:write",
            "reports:read",
            "reports:write",
            "webhooks:write",
        ),
        *("dunning:read", "dunning:write"),
        *("risk:read", "risk:comment", "risk:write", "risk:approve", "risk:policy"),
    }
)
"""All that routes ask for. A route that asks for another does not come up."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: the token is shown once and never stored."""

    id: str
    token: str = field(repr=False)
    sha256: bytes = field(repr=False)


def new_key() -> NewKey:
    """A key for the ``ledger.api_key`` table; who grants it sets scopes, entities and the default ledger."""
    key_id, secret = secrets.token_hex(6), secrets.token_hex(32)
    token = f"enc_{key_id}_{secret}"
    return NewKey(key_id, token, digest(token))


def check_grant(label: str, scopes: Iterable[str], entities: Iterable[str]) -> None:
    """Raises Invalid for a key that has the name of another, or grants access to nothing that exists."""
    if not label.strip():
        raise Invalid("A key needs a label: say what it is for.", "/label")
    for scope in scopes:
        if scope != _ALL and scope not in SCOPES:
            raise Invalid(
                f"There is no scope {scope!r}: choose from {', '.join(sorted(SCOPES))}, or *.", "/scopes"
            )
    for entity in entities:
        if entity != _ALL and not is_id(entity, "ent"):
            raise Invalid(
                f"{entity!r} is no legal entity: write its id, ent_ and 32 digits, or *.", "/entities"
            )


def digest(token: str) -> bytes:
    """A key as it is stored."""
    return hashlib.sha256(token.encode()).digest()


def key_id(token: str) -> str | None:
    """The public part of a key, or nothing if the text is not a key."""
    match = _KEY.fullmatch(token)
    return match.group(1) if match else None


@dataclass(frozen=True, slots=True)
class Grant:
    """Rights of a key. ``*`` stands for every scope; no entity listed, or ``*``, stands for every entity."""

    id: str
    sha256: bytes = field(repr=False)
    label: str
    scopes: frozenset[str]
    entities: frozenset[str]
    default_ledger: str | None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def actor(self) -> str:
        """Name of the key in events."""
        return f"key:{self.id}"

    def allows(self, scope: str) -> bool:
        """Return whether the key holds a scope."""
        return scope in self.scopes or _ALL in self.scopes

    def covers(self, entity: str) -> bool:
        """Return whether the key may act for a legal entity."""
        return not self.entities or entity in self.entities or _ALL in self.entities

    @property
    def limited_to(self) -> tuple[str, ...] | None:
        """The entities to filter lists by, or nothing if the key covers all."""
        return None if not self.entities or _ALL in self.entities else tuple(sorted(self.entities))

    def valid_at(self, instant: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or instant < self.expires_at)


Fetch = Callable[[str], Awaitable[Grant | None]]


def fetch_from(pool: asyncpg.Pool) -> Fetch:
    """Look keys up in the ledger's database."""

    async def fetch(wanted: str) -> Grant | None:
        try:
            row = await read_key(pool, wanted)
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, ConnectionError):
            # The pool's connection was of a server that has been restarted since: a new one may do.
            row = await read_key(pool, wanted)
        if row is None:
            return None
        return Grant(
            id=row["id"],
            sha256=bytes(row["sha256"]),
            label=row["label"],
            scopes=frozenset(row["scopes"] or ()),
            entities=frozenset(row["entities"] or ()),
            default_ledger=row["default_ledger"],
            expires_at=row["expires_at"],
            revoked_at=row["revoked_at"],
        )

    return fetch


class KeyStore:
    """Looked-up keys, believed for a few seconds: what was revoked stops working within that time.

    Unknown ids are remembered as well, in the same bounded cache, so that guessing costs the guesser and not the
    database; requests that ask for the same key at once share one look-up.
    """

    def __init__(self, fetch: Fetch, *, believe_s: float = 5.0, max_keys: int = 10_000) -> None:
        self._fetch = fetch
        self._believe_s = believe_s
        self._max_keys = max_keys
        self._cache: OrderedDict[str, tuple[float, Grant | None]] = OrderedDict()
        self._looking_up: dict[str, asyncio.Task[Grant | None]] = {}

    async def verify(self, token: str) -> Grant | None:
        """The grant of a key, or nothing if it is unknown, wrong, expired or revoked."""
        wanted = key_id(token)
        if wanted is None:
            return None
        cached = self._cache.get(wanted)
        if cached is not None and time.monotonic() < cached[0]:
            grant = cached[1]
        else:
            grant = await self._look_up(wanted)
        if grant is None or not hmac.compare_digest(grant.sha256, digest(token)):
            return None
        return grant if grant.valid_at(datetime.now(UTC)) else None

    async def still_holds(self, grant: Grant) -> bool:
        """Return whether a grant that was verified before is still good: as it was, neither revoked nor expired."""
        cached = self._cache.get(grant.id)
        now = (
            cached[1]
            if cached is not None and time.monotonic() < cached[0]
            else await self._look_up(grant.id)
        )
        return now == grant and grant.valid_at(datetime.now(UTC))

    async def _look_up(self, wanted: str) -> Grant | None:
        task = self._looking_up.get(wanted)
        if task is None:
            task = asyncio.ensure_future(self._fetch_and_keep(wanted))
            self._looking_up[wanted] = task
            task.add_done_callback(lambda _: self._looking_up.pop(wanted, None))
        # One request that gives up must not take the look-up away from the others.
        return await asyncio.shield(task)

    async def _fetch_and_keep(self, wanted: str) -> Grant | None:
        grant = await self._fetch(wanted)
        self._cache[wanted] = (time.monotonic() + self._believe_s, grant)
        self._cache.move_to_end(wanted)
        while len(self._cache) > self._max_keys:
            self._cache.popitem(last=False)
        return grant
