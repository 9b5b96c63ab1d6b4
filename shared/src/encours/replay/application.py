"""Ledger as a read-only application of the `eventsourcing` library.

    with LedgerApplication(url, "main", installed_folders()) as app:
        invoice = app.repository.get("inv_0190…", version=3)
        page = app.notification_log.select(start=1, limit=100)
        with app.recorder.subscribe(gt=page[-1].id) as subscription: ...

Any role that may SELECT from the ledger can use it (``encours_auditor`` may do nothing else). The library reads no
environment variables here and imports no module that a row names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application, LocalNotificationLog, Repository
from eventsourcing.persistence import EventStore, ProgrammingError, StoredEvent
from eventsourcing.utils import Environment, EnvType

from encours.contracts import Recorded
from encours.replay.folders import Folders
from encours.replay.mapper import ContractMapper
from encours.replay.recorder import LoopThread, SyncRecorder

BLOCK = 500
"""Streams that are read in one query."""
_NAMES = 50_000
"""Ids of streams that are kept at a time: the database sorts what is left of them for each query."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """An aggregate as the library's repository gives it.

    ``version`` and ``position`` are those of the last event that was read; ``state`` is the result of the owning
    service's ``evolve``.
    """

    id: str
    version: int
    position: int
    entity: str
    state: Any


class ReadOnlyRecorder(SyncRecorder):
    """A recorder that refuses to write, and answers from memory for streams that were read in a block.

    Sequences of aggregates lack the events that had been set aside when it was made; the notification log has them.
    """

    def __init__(self, loop: LoopThread, name: str, *, upto: int | None = None) -> None:
        super().__init__(loop, name, upto=upto)
        self._block: dict[str, list[StoredEvent]] = {}
        self.set_aside = loop.run(self.recorder.set_aside())
        """Versions of the events that are left out, by stream."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Raises the library's ProgrammingError."""
        raise ProgrammingError("this application only reads the ledger: services append to it")

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        cached = self._block.get(str(originator_id))
        if cached is None or gt is not None or desc or limit is not None or len(cached) < (lte or 0):
            found = super().select_events(originator_id, gt=gt, lte=lte, desc=desc, limit=limit)
        else:
            found = cached[:lte]
        left_out = self.set_aside.get(str(originator_id), ())
        return [event for event in found if event.originator_version not in left_out] if left_out else found

    @contextmanager
    def holding(self, streams: Sequence[str]) -> Iterator[None]:
        """Read these streams in one query, and answer for them from memory inside the block."""
        self._block = self.loop.run(self.recorder.select_streams(streams))
        try:
            yield
        finally:
            self._block = {}


class LedgerRepository(Repository[str]):
    """The library's repository with the services' folds as its projector function."""

    def __init__(self, events: EventStore[str], folders: Folders, as_of: date | None) -> None:
        super().__init__(events)
        self._folders = folders
        self._as_of = as_of

    def get(
        self,
        aggregate_id: str,
        *,
        version: int | None = None,
        projector_func: Any = None,
        fastforward_skipping: bool = False,
        deepcopy_from_cache: bool = True,
    ) -> Any:
        """The :class:`Replayed` aggregate, at a version if one is given. Raises AggregateNotFoundError."""
        return super().get(
            aggregate_id,
            version=version,
            projector_func=self.project if projector_func is None else projector_func,
            fastforward_skipping=fastforward_skipping,
            deepcopy_from_cache=deepcopy_from_cache,
        )

    def project(self, aggregate: Replayed | None, domain_events: Iterable[Any]) -> Replayed | None:
        """Projector function: fold the events onto the aggregate, or what of them counts on the business date."""
        events: list[Recorded] = list(domain_events)
        if not events:
            return aggregate
        last = events[-1]
        folder = self._folders.of(last.stream)
        if self._as_of is None:
            state = folder.fold(events, None if aggregate is None else aggregate.state)
        else:
            state = folder.fold_as_of(events, self._as_of)
            if state == folder.initial():
                return None
        return Replayed(last.stream, last.version, last.position, last.entity, state)


class LedgerApplication(Application[str]):
    """One ledger, as far as position ``upto`` if given, by what counts on business date ``as_of`` if given.

    Raises UnknownLedger, and LedgerUnavailable or asyncpg's errors when the database cannot be used.
    """

    name = "encours"
    log_section_size = 1000
    recorder: ReadOnlyRecorder

    def __init__(
        self,
        dsn: str,
        ledger: str,
        folders: Folders | None = None,
        *,
        upto: int | None = None,
        as_of: date | None = None,
    ) -> None:
        self.ledger_name = ledger
        self._folders = folders or Folders()
        self._upto = upto
        self._as_of = as_of
        self.loop = LoopThread(dsn)
        try:
            self.loop.run(self.loop.ledger.info(ledger))
            super().__init__()
        except BaseException:
            self.loop.close()
            raise

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Return an empty environment: no variable of the process may choose a module of the library."""
        return Environment(name, {})

    def construct_mapper(self) -> ContractMapper:
        return ContractMapper(self.ledger_name)

    def construct_recorder(self) -> ReadOnlyRecorder:
        return ReadOnlyRecorder(self.loop, self.ledger_name, upto=self._upto)

    def construct_repository(self) -> LedgerRepository:
        return LedgerRepository(self.events, self._folders, self._as_of)

    def construct_notification_log(self) -> LocalNotificationLog:
        return LocalNotificationLog(self.recorder, self.log_section_size)

    def blocks(self) -> Iterator[list[str]]:
        """Ids of all streams, in blocks and in the database's order."""
        after = ""
        while names := self.loop.run(self.recorder.recorder.stream_names(after, _NAMES)):
            for start in range(0, len(names), BLOCK):
                yield names[start : start + BLOCK]
            after = names[-1]

    def replay(self) -> Iterator[Replayed]:
        """Iterate over all aggregates, without those that have no event that counts yet."""
        for names in self.blocks():
            with self.recorder.holding(names):
                for name in names:
                    try:
                        yield self.repository.get(name)
                    except AggregateNotFoundError:
                        continue

    def close(self) -> None:
        """Close the connections. May be called again."""
        super().close()
        self.loop.close()
