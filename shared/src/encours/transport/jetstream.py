"""JetStream stream of a ledger: its declaration, differences from it, and their repair.

The stream's sequence number is the ledger's position. The stream may be deleted at any time: it is filled again from
the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from encours.ledger.stored import StoredEvent
from encours.transport.messages import event_from
from encours.transport.names import stream_name, subjects

REQUEST_TIMEOUT_S = 5.0
EPOCH = "encours.epoch"


def declaration(ledger: str, epoch: int, *, replicas: int = 1) -> StreamConfig:
    """Return the configuration of a ledger's stream: unlimited, in files, without deletion or purge of messages."""
    return StreamConfig(
        name=stream_name(ledger),
        description=f"Events of ledger {ledger}: sequence number = ledger position",
        subjects=[subjects(ledger)],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_msgs=-1,
        max_bytes=-1,
        max_age=0,
        max_msg_size=-1,
        max_msgs_per_subject=-1,
        num_replicas=replicas,
        deny_delete=True,
        deny_purge=True,
        allow_atomic=True,
        metadata={EPOCH: str(epoch)},
    )


_COMPARED = (
    "subjects", "retention", "storage", "discard", "max_msgs", "max_bytes", "max_age", "max_msg_size",
    "max_msgs_per_subject", "num_replicas", "deny_delete", "deny_purge", "allow_atomic",
)  # fmt: skip
_FIXED = frozenset({"storage", "retention"})
"""Settings that the server does not change on an existing stream."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """State of a stream: first and last sequence, the epoch that it was made for, differences from the
    declaration."""

    first: int
    last: int
    messages: int
    epoch: int | None
    drift: tuple[str, ...]

    @property
    def unchangeable(self) -> bool:
        """True if only a new stream repairs the differences."""
        return any(line.split(":")[0] in _FIXED for line in self.drift)


def drift_of(wanted: StreamConfig, actual: StreamConfig) -> tuple[str, ...]:
    """Return the differences in words: ``deny_purge: is False, should be True``."""
    lines = []
    for name in _COMPARED:
        is_, should = _plain(getattr(actual, name)), _plain(getattr(wanted, name))
        if (is_ or 0) != (should or 0):
            lines.append(f"{name}: is {is_}, should be {should}")
    return tuple(lines)


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)


class LedgerStream:
    """Management of one ledger's stream over one NATS connection."""

    def __init__(self, nats: Client, ledger: str, *, replicas: int = 1) -> None:
        self.js: JetStreamContext = nats.jetstream(timeout=REQUEST_TIMEOUT_S)
        self.ledger = ledger
        self.name = stream_name(ledger)
        self._replicas = replicas

    async def state(self) -> StreamState | None:
        """Return the state of the stream; None if it does not exist."""
        try:
            info = await self.js.stream_info(self.name)
        except NotFoundError:
            return None
        epoch = (info.config.metadata or {}).get(EPOCH)
        wanted = declaration(self.ledger, 0, replicas=self._replicas)
        return StreamState(
            info.state.first_seq,
            info.state.last_seq,
            info.state.messages,
            int(epoch) if epoch and epoch.isdigit() else None,
            drift_of(wanted, info.config),
        )

    async def create(self, epoch: int, first: int) -> None:
        """Create the stream; its first message gets the sequence number ``first``."""
        config = declaration(self.ledger, epoch, replicas=self._replicas)
        if first > 1:
            config.first_seq = first
        await self.js.add_stream(config)

    async def update(self, epoch: int) -> None:
        """Update the stream to its declaration."""
        await self.js.update_stream(declaration(self.ledger, epoch, replicas=self._replicas))

    async def drop(self) -> None:
        """Delete the stream if it exists."""
        try:
            await self.js.delete_stream(self.name)
        except NotFoundError:
            return

    async def event(self, sequence: int) -> StoredEvent | None:
        """Return the event in the message with a sequence number, or None if there is none."""
        try:
            message = await self.js.get_msg(self.name, sequence)
            return event_from(message.headers or {}, message.data or b"", self.ledger)
        except (NotFoundError, KeyError, ValueError):
            return None
