"""Execution of a command: run its use case and append; after a conflict, again.

    async def issue(session: Session, command: IssueInvoice) -> Result:
        state = await session.get(INVOICE, command.invoice_id)
        for event in decide.issue(state, command, session.today):
            session.emit(command.invoice_id, event, entity=state.entity_id)
        return session.result(command.invoice_id)

    done = await execute(ledger, meta, issue, command)

A use case may run several times and must have no effects but those on its session. A request, a reaction and a job
differ in their :class:`CommandMeta` alone; :func:`encours.ledger.command.derived` makes that of the last two.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar, TypeVarTuple, Unpack

import msgspec

from encours.contracts import Recorded
from encours.kernel.errors import DomainError
from encours.ledger.client import Ledger
from encours.ledger.command import CommandMeta, Result, completed
from encours.ledger.errors import EntityNotGranted, VersionConflict
from encours.ledger.model import Append, Appended, NewEvent
from encours.ledger.session import Expect, Repeated, Session
from encours.ledger.states import Folded, Folder

S = TypeVar("S")
R = TypeVar("R", bound=Result)
Ts = TypeVarTuple("Ts")
RETRIES = 3


@cache
def _decoder(kind: type[R]) -> msgspec.json.Decoder[R]:
    return msgspec.json.Decoder(kind)


class Done:
    """Finished command, equal for its first run and a repetition.

    ``position`` is its last position (the ledger's head if it had no events). ``events`` are those that it appended
    or, in a dry run, would append; none of a repetition (``replayed``).
    """

    def __init__(
        self,
        session: Session,
        stored: bytes,
        position: int,
        recorded_at: datetime,
        streams: dict[str, list[Recorded]] | None = None,
        *,
        replayed: bool = False,
    ) -> None:
        self.position = position
        self.recorded_at = recorded_at
        self.replayed = replayed
        self.events: tuple[NewEvent, ...] = ()
        self._stored = stored
        self._session = session
        self._streams = streams or {}
        self._folded: dict[tuple[str, Folder[Any]], Folded[Any]] = {}

    def result(self, kind: type[R]) -> R:
        """Return the result of the use case, or that of its first run if this is a repetition."""
        return _decoder(kind).decode(self._stored)  # type: ignore[no-any-return]

    @property
    def recorded(self) -> list[Recorded]:
        """The appended events as the ledger has recorded them, in order; none of a repetition or a dry run."""
        return sorted(chain.from_iterable(self._streams.values()), key=attrgetter("position"))

    async def state(self, folder: Folder[S], stream: str) -> tuple[S, int]:
        """Return state and version of a stream after this command, so that a repetition gets the same answer.

        Raises the refusal for a stream that does not exist when the actor of a repetition may no longer act for the
        stream's entity.
        """
        if not self.replayed and (folded := self._fold(folder, stream)) is not None:
            return folded.state, folded.version
        try:
            events = await self._session.read(stream, upto=self.position)
        except EntityNotGranted as hidden:
            raise hidden.shown if folder.missing is None else folder.missing(stream) from None
        return folder.fold(events), events[-1].version if events else 0

    def _fold(self, folder: Folder[S], stream: str) -> Folded[S] | None:
        """Return the stream with this command's events, folded once; None if the session did not read it."""
        if (known := self._folded.get((stream, folder))) is not None:
            return known
        folded = self._session.read_as(folder, stream)
        if folded is not None and (events := self._streams.get(stream)):
            folded = Folded(
                folder.fold(events, folded.state), folded.version + len(events), events[-1].entity
            )
        if folded is not None:
            self._folded[stream, folder] = folded
        return folded

    def remember(self, folder: Folder[Any], stream: str) -> None:
        """Keep the state of a stream that this command wrote to, for commands that will soon need it."""
        if stream in self._streams and (folded := self._fold(folder, stream)) is not None:
            self._session.remember(folder, stream, folded)


async def execute(
    ledger: Ledger,
    meta: CommandMeta,
    use_case: Callable[[Session, Unpack[Ts]], Awaitable[Result | None]],
    *arguments: *Ts,
    expect: Expect | None = None,
    append: Callable[[Append], Awaitable[Appended]] | None = None,
    retries: int = RETRIES,
) -> Done:
    """Run a command until it is stored or refused, or until its attempts are used up.

    A repetition under the same id and fingerprint gets the first result, unless the actor may no longer act for its
    entity. ``expect`` checks the versions of the streams that the use case loads, in each attempt. ``append`` stores
    the outcome, by default alone. Raises the domain's refusals, and those of :meth:`Ledger.append`. Any number of
    commands may run concurrently.
    """
    info = await ledger.info(meta.ledger)
    fresh = meta.dry_run
    conflicts = 0
    while True:
        session = Session(ledger, meta, info.epoch, fresh=fresh, expect=expect)
        try:
            session.outcome = await use_case(session, *arguments)
        except EntityNotGranted as hidden:
            raise hidden.shown from None
        except Repeated as first_run:
            stored = first_run.stored
            return await _repetition(ledger, session, stored.answer, stored.last_position)
        except DomainError:
            if session.used_cache:
                fresh = True  # the cache may be old: no refusal before a fresh look
                continue
            # A repetition finds the state that its first run left and is refused by the rules: the first
            # answer counts.
            if not meta.id_is_new and (first := await _first_run(ledger, session)) is not None:
                return first
            raise
        outcome = session.to_append()
        try:
            if meta.dry_run:
                return _preview(session, await ledger.rehearse(outcome))
            appended = await (append or ledger.append)(outcome)
        except VersionConflict:
            conflicts += 1
            if conflicts > retries:
                raise
            fresh = True
            continue
        if appended.replayed:
            return await _repetition(ledger, session, appended.answer, appended.last_position)
        return _done(session, outcome.answer, appended)


def _preview(session: Session, appended: Appended) -> Done:
    done = Done(session, session.stored_answer(), appended.first_position - 1, appended.recorded_at)
    streams = session.as_appended(appended)
    data = {row.event_id: row.data for rows in streams.values() for row in rows}
    done.events = tuple(msgspec.structs.replace(event, data=data[event.event_id]) for event in session.events)
    return done


def _done(session: Session, answer: bytes, appended: Appended) -> Done:
    streams = session.as_appended(appended)
    done = Done(session, answer, appended.last_position, appended.recorded_at, streams)
    done.events = tuple(session.events)
    for folder, stream in session.loaded():
        if stream in streams:
            done.remember(folder, stream)
    return done


async def _first_run(ledger: Ledger, session: Session) -> Done | None:
    stored = await session.find_first_run()
    if stored is None:
        return None
    return await _repetition(ledger, session, stored.answer, stored.last_position)


async def _repetition(ledger: Ledger, session: Session, answer: bytes, position: int) -> Done:
    rows = await ledger.read_raw(session.meta.ledger, position - 1, 1)
    at, stream = (rows[0]["recorded_at"], rows[0]["stream"]) if rows else (datetime.now(UTC), "")
    return Done(session, completed(answer, stream, at.date()), position, at, replayed=True)
