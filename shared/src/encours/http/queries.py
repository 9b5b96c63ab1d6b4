"""Dependency of a route that reads: the caller and the two dates of the question.

``q: Annotated[Query, reading("invoices:read")]``. ``as_of`` is the business date asked about, ``known_at`` the moment
of knowledge, as an instant or a position. An instant is turned into a position once, here, at the door. Every answer
says which position it was made at.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from encours.http.access.caller import Caller
from encours.http.auth import LEDGER_HEADER, SECURED, authenticate
from encours.http.commands import json_response
from encours.http.context import context
from encours.http.etag import etag, none_matches
from encours.http.parameters import (
    date_parameter,
    flag_parameter,
    malformed,
    parse_instant,
    parse_position,
    position_parameter,
)
from encours.http.services import Services, services
from encours.http.surface import Surface, header, query
from encours.kernel.instants import instant_text
from encours.ledger import Ledger
from encours.reading.moment import WAIT_S, FuturePosition, PositionNotReached, TimeTravel, View
from encours.reading.read_db import FRESH_WAIT_S, ReadDb

if TYPE_CHECKING:
    from encours.contracts import Recorded


AS_OF = query(
    "as_of",
    "The business date asked about. If not given it is today: of the entity that `entity_id` names or to which the"
    " object or the customer in `customer_id` belongs, else in the ledger's time zone.",
    format="date",
    example="2026-03-31",
)
KNOWN_AT = query(
    "known_at",
    "What was known then: an RFC 3339 instant or a position of the ledger; all that is known now if not given.",
    example="2026-03-31T18:00:00Z",
    pattern=r"^([0-9]{1,16}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))$",
)
MIN_POSITION = query(
    "min_position",
    "Wait up to 2 s until the read model has reached this position (the Encours-Position of a write).",
    type="integer",
    minimum=0,
)
FRESH = query(
    "fresh",
    "An answer holds all that the ledger held when the request arrived; a read model that is behind is waited for,"
    " 250 ms at most. `false`: answer at once. Encours-Lag is the number of events that an answer is behind, or"
    " `unknown` if the ledger does not answer in time, or part of the answer is being built.",
    type="boolean",
    default=True,
)
_ENTITY, _CUSTOMER = re.compile(r"ent_[0-9a-f]{32}"), re.compile(r"cus_[0-9a-f]{32}")
LAG_HEADER = "Encours-Lag"
LAG_UNKNOWN = "unknown"
IF_NONE_MATCH = header(
    "If-None-Match",
    "The ETag of the copy at hand; 304 if the answer is still that. An answer may depend on its day, so 304 comes"
    " with as_of, or on the day of the last change.",
    example='"3"',
)


class AsOf(BaseModel):
    """Base of answers that depend on time: what the question was resolved to."""

    as_of: date = Field(description="The business date that the answer is for.")
    known_at: str | None = Field(description="The moment of knowledge that was asked for; null for now.")
    position: int = Field(description="The ledger's position that the answer was made at.", ge=0)
    incomplete: bool = Field(
        default=False, description="True if events are missing: a stream could not be applied."
    )


@dataclass(frozen=True, slots=True)
class Query:
    """A request that reads, by a known caller, in one ledger.

    ``today_from`` is the instant at which today began where no ``as_of`` was asked for. ``fresh``: read models are
    waited for until they hold what the ledger held when the request arrived.
    """

    request: Request
    services: Services
    caller: Caller
    as_of: date
    today_from: datetime | None
    known_at: str | None
    asked_position: int | None
    min_position: int
    fresh: bool

    @property
    def ledger(self) -> Ledger:
        """The ledger's connection."""
        return self.services.ledger

    @property
    def db(self) -> ReadDb:
        """The service's read models."""
        return self.services.db

    async def of_entity(self, entity: str) -> Query:
        """Return the question at the date that was asked for, else today of the entity."""
        zone = None if self.today_from is None else await self.ledger.zone_of(self.caller.ledger, entity)
        if zone is None:
            return self
        as_of, today_from = await _today(self.ledger, self.caller, zone)
        return replace(self, as_of=as_of, today_from=today_from)

    async def today(self) -> date:
        """Return the business date of now of the entity or the creditor that was asked about, else of the ledger."""
        zone = await _zone(self.ledger, self.caller, self.request)
        return (await _today(self.ledger, self.caller, zone))[0]

    async def time(self) -> TimeTravel:
        """The question's dates for an answer that is folded from streams: now is the ledger's head.

        Raises :class:`PositionNotReached` for a ``min_position`` beyond it.
        """
        position = self.asked_position
        if position is None or self.min_position > position:
            head = (await self.ledger.head(self.caller.ledger)).position
            if self.min_position > head:
                raise PositionNotReached("The ledger", self.min_position)
            position = head if position is None else position
        return self._at(position)

    def _at(self, position: int) -> TimeTravel:
        return TimeTravel(self.as_of, position, self.known_at, self.asked_position is None)

    @asynccontextmanager
    async def view(self, model: str) -> AsyncIterator[View]:
        """A read model at one moment, which is at or after what the caller asked to see.

        ``view.time.position`` is the position asked for with ``known_at``, else the model's. The model is waited for
        as :attr:`fresh` says; if it is behind the ledger all the same, the answer's header says by how much. Raises
        :class:`PositionNotReached` if it does not reach ``min_position`` or ``known_at`` within 2 s.
        """
        ledger, needed = self.caller.ledger, max(self.min_position, self.asked_position or 0)
        if needed and not await self.db.wait_for(model, ledger, needed, timeout=WAIT_S):
            raise PositionNotReached(model, needed)
        head: int | None = 0
        if self.asked_position is None:
            head = await self.db.catch_up(model, ledger, wait_s=FRESH_WAIT_S if self.fresh else 0.0)
        async with self.db.snapshot(model, ledger) as moment:
            if moment.position < needed:  # built anew for a ledger that was restored
                raise PositionNotReached(model, needed)
            if head is None or moment.position < head:
                self.mark_behind(None if head is None else head - moment.position)
            position = moment.position if self.asked_position is None else self.asked_position
            yield View(
                moment.conn, moment.schema, self._at(position), self.caller.entities, moment.incomplete
            )

    def mark_behind(self, events: int | None = None) -> None:
        """Say in the answer's header by how many events it is behind the ledger, or that this is unknown."""
        lag = LAG_UNKNOWN if events is None else str(events)
        context(self.request).add_header(LAG_HEADER.lower().encode(), lag)

    def respond(
        self,
        body: BaseModel | dict[str, Any],
        *,
        last: Recorded | None = None,
        version: int | None = None,
        same_by_version: bool = True,
    ) -> Response:
        """The answer; with the last event of its stream also its ``ETag``, or 304 if the caller has this answer.

        A read model that keeps a stream's version and not its event gives the ``version``. Without ``same_by_version``
        the answer depends on more than the stream: never 304.
        """
        headers = {"Cache-Control": "private, no-cache"}
        if last is not None:
            version = last.version
        if version is not None:
            headers["ETag"] = etag(version)
            if same_by_version and self._is_of_this_day(last) and none_matches(self.request, version):
                return Response(status_code=304, headers=headers)
        return json_response(body, headers=headers)

    def _is_of_this_day(self, last: Recorded | None) -> bool:
        """Return whether a copy of the same version must be of the same business day: days past due and terms in force
        change overnight without an event. A copy is no older than the last event in it."""
        return self.today_from is None or (last is not None and last.recorded_at >= self.today_from)


class _MakeQuery:
    """The dependency behind :func:`reading`."""

    def __init__(self, scope: str, *, time_travel: bool) -> None:
        self.scope = scope
        self.time_travel = time_travel
        parameters = (LEDGER_HEADER, IF_NONE_MATCH, MIN_POSITION, FRESH)
        self.surface = Surface(
            (*parameters, AS_OF, KNOWN_AT) if time_travel else parameters,
            scope,
            secured=True,
            statuses=SECURED | {304, 400, 422},
            answer_headers=(LAG_HEADER,),
        )

    async def __call__(self, request: Request) -> Query:
        caller = await authenticate(request)
        caller.require(self.scope)
        at_hand = services(request)
        as_of = known_at = asked = None
        if self.time_travel:
            as_of, known_at = date_parameter(request, "as_of"), request.query_params.get("known_at")
        min_position = position_parameter(request, "min_position") or 0
        today_from = None
        if as_of is None:
            zone = await _zone(at_hand.ledger, caller, request)
            as_of, today_from = await _today(at_hand.ledger, caller, zone)
        if known_at is not None:
            known_at, asked = await resolve_known_at(at_hand.ledger, caller.ledger, known_at)
        fresh = flag_parameter(request, "fresh", default=True)
        return Query(request, at_hand, caller, as_of, today_from, known_at, asked, min_position, fresh)


async def _today(ledger: Ledger, caller: Caller, zone: str) -> tuple[date, datetime]:
    """Return the date in a time zone, and the instant at which it began."""
    day = (await ledger.clock(caller.ledger)).day_in(zone)
    return day, datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))


async def _zone(ledger: Ledger, caller: Caller, request: Request) -> str:
    """Return the time zone whose day is today: documents have the days of their entity, the creditor.

    A customer may be named in the path too.
    """
    zone, wanted = None, request.query_params
    entity_id, of_path = wanted.get("entity_id"), filter(_CUSTOMER.fullmatch, request.path_params.values())
    customer_id = wanted.get("customer_id") or next(of_path, None)
    if entity_id is None and customer_id is not None and _CUSTOMER.fullmatch(customer_id):
        entity_id = await ledger.creditor_of(caller.ledger, customer_id)
    is_covered = caller.entities is None or entity_id in caller.entities
    if entity_id is not None and _ENTITY.fullmatch(entity_id) and is_covered:
        zone = await ledger.zone_of(caller.ledger, entity_id)
    return zone or (await ledger.info(caller.ledger)).time_zone


def reading(scope: str, *, time_travel: bool = True) -> Any:
    """``q: Annotated[Query, reading("invoices:read")]``: a caller with that scope and the dates of the question.

    ``time_travel=False`` for what is not business data (policies of the service, jobs).
    """
    return _MakeQuery(scope, time_travel=time_travel)


async def resolve_known_at(ledger: Ledger, name: str, known_at: str) -> tuple[str, int]:
    """Return ``known_at`` in its canonical form and the position it stands for."""
    position = parse_position(known_at)
    if position is not None:
        head = await ledger.head(name)
        if position > head.position:
            raise FuturePosition("known_at", head.position)
        return str(position), position
    instant = parse_instant(known_at)
    if instant is None:
        raise malformed(
            "known_at", "Write an instant such as 2026-03-31T18:00:00Z, or a position of the ledger."
        )
    info = await ledger.info(name)
    if instant > (info.clock_at or datetime.now(UTC)):
        raise FuturePosition("known_at", (await ledger.head(name)).position)
    return instant_text(instant), await ledger.position_at(name, instant)
