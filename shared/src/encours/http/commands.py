"""Dependency of a route that writes: it makes a command of the request and carries it out.

    cmd: Annotated[Command, command("invoices:write")]
    return await cmd.run(invoices.issue, body.to_command(invoice_id), answer=INVOICE_ANSWER, on=invoice_id)

The command's id follows from the ledger, the key and the
``Idempotency-Key``; it is recorded by the transaction that appends the events, so that a repeated
request, to any process, after any crash, has one effect and one answer.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, TypeVarTuple, Unpack
from uuid import UUID

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from encours.contracts import encode
from encours.http.access.caller import Caller
from encours.http.answers import Answer
from encours.http.auth import LEDGER_HEADER, SECURED, authenticate
from encours.http.bodies.media import is_json
from encours.http.context import RequestContext, context
from encours.http.etag import etag, if_match, require_match
from encours.http.parameters import flag_parameter, malformed
from encours.http.services import Services, services
from encours.http.surface import Surface, header, query
from encours.kernel.errors import Refusal
from encours.kernel.ids import derived_uuid, hashed_uuid, uuid7
from encours.ledger import Ledger
from encours.ledger.command import CommandMeta, Result
from encours.ledger.execute import Done, execute
from encours.ledger.model import Append, Appended, NewEvent, RawEvent
from encours.ledger.session import Expect, Session

C = TypeVar("C")
Ts = TypeVarTuple("Ts")

IDEMPOTENCY_KEY = header(
    "Idempotency-Key",
    "Any text that is new for each new request. The same key with the same request gives the first answer again.",
    example="0b7f2c1e-order-4711",
    minLength=1,
    maxLength=255,
    pattern="^[!-~]([ -~]*[!-~])?$",
)
REASON = header(
    "Encours-Reason",
    "Why, in the words of who asks; kept with the events.",
    maxLength=500,
    example="Agreed by phone",
)
IF_MATCH = header("If-Match", "The ETag that was read; another version is answered 412.", example='"3"')
TRACEPARENT = header(
    "traceparent",
    "W3C trace context; kept with the events.",
    example="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
)
DRY_RUN = query(
    "dry_run", "Answer the events that would be appended, append none.", type="boolean", default=False
)

_UNREPEATABLE = hashlib.sha256(b"").digest()
_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")


class RequestInFlight(Refusal):
    """The same command is being answered at this moment (409)."""

    code = "request-in-flight"
    title = "Same request is being answered"
    remedy = "Repeat the request after Retry-After seconds."

    def __init__(self) -> None:
        super().__init__(
            "A request with this Idempotency-Key is being answered; repeat it in a second.",
            retry_after_s=1,
        )


class _InFlight:
    """Reservation of a command's id. A class: each item of a batch makes one, and a generator takes longer."""

    __slots__ = ("_mark", "_reserved")

    def __init__(self, reserved: set[tuple[str, UUID]], mark: tuple[str, UUID]) -> None:
        self._reserved, self._mark = reserved, mark

    def __enter__(self) -> None:
        if self._mark in self._reserved:
            raise RequestInFlight
        self._reserved.add(self._mark)

    def __exit__(self, *_: object) -> None:
        self._reserved.discard(self._mark)


class Command(msgspec.Struct, frozen=True):
    """Request of a known caller that may write in one ledger."""

    services: Services
    context: RequestContext
    caller: Caller
    meta: CommandMeta
    match: frozenset[int] | None = None
    keyed: bool = False

    @property
    def ledger(self) -> Ledger:
        """Client of the ledger."""
        return self.services.ledger

    async def run(
        self,
        use_case: Callable[[Session, C, Unpack[Ts]], Awaitable[Result]],
        command: C,
        *given: *Ts,
        answer: Answer[Any],
        on: str | None = None,
        status: int = 200,
        at: str | None = None,
    ) -> Response:
        """Run the use case of a command and answer with its result, or with its events in a dry run.

        ``given`` are the queries that the use case calls. ``on`` is the resource (stream) of ``If-Match``, ``at`` the
        path of the collection, for the ``Location`` of a created resource. Raises :class:`RequestInFlight`, and the
        refusals of the use case and the ledger.
        """
        done = await self.perform(use_case, command, *given, on=on)
        if self.meta.dry_run:
            return self.respond(done, {})
        body, version, result = await answer.show(done)
        location = None if at is None else f"{at}/{result.id}"
        return self.respond(done, body, status=status, version=version, location=location)

    async def perform(
        self,
        use_case: Callable[[Session, Unpack[Ts]], Awaitable[Result | None]],
        *arguments: *Ts,
        on: str | None = None,
        append: Callable[[Append], Awaitable[Appended]] | None = None,
    ) -> Done:
        """Load, decide and append, without an answer. Raises as :meth:`run`.

        Streams and events of an entity that the key does not cover are refused. ``append`` stores the outcome in
        another way than alone.
        """
        with self.in_flight():
            started = time.perf_counter()
            done = await execute(
                self.services.ledger, self.meta, use_case, *arguments, expect=self._expect(on), append=append
            )
        self.services.metrics.append.observe(time.perf_counter() - started)
        return done

    def in_flight(self) -> _InFlight:
        """Reserve the command's id for this request until it is answered. Raises :class:`RequestInFlight`."""
        return _InFlight(self.services.in_flight, (self.meta.ledger, self.meta.command_id))

    def _expect(self, on: str | None) -> Expect | None:
        """Return the check of ``If-Match``, made when the resource is loaded; a missing resource is 404 instead."""
        if self.match is None or on is None:
            return None

        def expect(stream: str, version: int) -> None:
            if stream == on and version:
                require_match(self.match, version)

        return expect

    def item(self, index: int) -> Command:
        """Return the command of an item of a batch; its id is derived from the batch's id."""
        batch = self.meta
        digest = hashlib.sha256(
            batch.command_id.bytes + batch.fingerprint + index.to_bytes(4, "big")
        ).digest()
        meta = replace(batch, command_id=hashed_uuid(digest), fingerprint=digest)
        return Command(self.services, self.context, self.caller, meta, self.match, self.keyed)

    def respond(
        self,
        done: Done,
        body: BaseModel | dict[str, Any],
        *,
        status: int = 200,
        version: int | None = None,
        location: str | None = None,
    ) -> Response:
        """Make the answer to a command: its resource, or its events if it was a dry run.

        ``version`` becomes the ``ETag``; ``Encours-Position`` is for ``min_position`` of a later GET.
        """
        headers = {"Encours-Position": str(done.position), "Cache-Control": "no-store"}
        if done.replayed:
            headers["Idempotency-Replayed"] = "true"
        if self.meta.dry_run:
            return json_response(dry_run_body(done.events), headers=headers)
        if version is not None:
            headers["ETag"] = etag(version)
        if location is not None:
            headers["Location"] = location
        return json_response(body, status=status, headers=headers)


def json_response(
    body: BaseModel | dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Make a JSON answer with pydantic's or msgspec's serializer, without FastAPI's second validation."""
    content = (
        body.__pydantic_serializer__.to_json(body, by_alias=True)
        if isinstance(body, BaseModel)
        else _encoder.encode(body)
    )
    return Response(content, status_code=status, media_type="application/json", headers=headers)


def accepted(body: BaseModel, location: str, *, replayed: bool) -> Response:
    """Make the answer (202) to a request for work whose result is found at ``location``."""
    headers = {"Location": location, "Cache-Control": "no-store"}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return json_response(body, status=202, headers=headers)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    raise TypeError(f"{type(value).__name__} has no JSON form here")


_encoder = msgspec.json.Encoder(enc_hook=_plain)
_canonical = msgspec.json.Encoder(order="sorted")


def dry_run_body(events: Sequence[NewEvent]) -> dict[str, Any]:
    """Return the body with the events that would have been appended, in order."""
    return {"dry_run": True, "events": [_preview(event) for event in events]}


def _preview(event: NewEvent) -> dict[str, Any]:
    data = event.data
    name = data.type if isinstance(data, RawEvent) else data.TYPE
    raw = data.data if isinstance(data, RawEvent) else encode(data)
    return {
        "type": name,
        "stream": event.stream,
        "version": event.version,
        "entity": event.entity,
        "effective_on": event.effective_on.isoformat(),
        "data": msgspec.Raw(raw),
    }


class _MakeCommand:
    """Dependency behind :func:`command`."""

    def __init__(self, scope: str, *, dry_run: bool, upload: bool) -> None:
        self.scope = scope
        self.upload = upload
        parameters = (LEDGER_HEADER, IDEMPOTENCY_KEY, IF_MATCH, REASON, TRACEPARENT)
        self.dry_run = dry_run
        self.surface = Surface(
            (*parameters, DRY_RUN) if dry_run else parameters,
            scope,
            secured=True,
            statuses=SECURED | {400, 408, 409, 412, 413, 415, 422},
            answer_headers=("Encours-Position", "Idempotency-Replayed"),
        )

    async def __call__(self, request: Request) -> Command:
        caller = await authenticate(request)
        caller.require(self.scope)
        at_hand, ctx = services(request), context(request)
        if self.upload:
            ctx.stream_body(at_hand.settings.upload_max_bytes)
        key = _idempotency_key(request)
        clock = await at_hand.ledger.clock(caller.ledger)
        meta = CommandMeta(
            ledger=caller.ledger,
            command_id=uuid7() if key is None else derived_uuid("http", caller.ledger, caller.grant.id, key),
            # Without a key the id is random, so that nothing can ever be compared with this.
            fingerprint=_UNREPEATABLE if key is None else await fingerprint(request),
            actor=caller.actor,
            today=clock.today,
            now=clock.now,
            reason=_reason(request),
            correlation_id=None,
            causation_id=None,
            traceparent=ctx.traceparent,
            dry_run=self.dry_run and flag_parameter(request, "dry_run"),
            entities=caller.entities,
            id_is_new=key is None,
        )
        return Command(at_hand, ctx, caller, meta, if_match(request), key is not None)


def command(scope: str, *, dry_run: bool = True, upload: bool = False) -> Any:
    """``cmd: Annotated[Command, command("invoices:write")]``: a caller with that scope, and the parameters of a write.

    ``upload``: the route reads its body itself, as a stream (:func:`encours.http.bodies.uploads.chunks`), and declares
    no body.
    """
    return _MakeCommand(scope, dry_run=dry_run, upload=upload)


def _idempotency_key(request: Request) -> str | None:
    key = context(request).header(b"idempotency-key")
    if key is not None and _KEY.fullmatch(key) is None:
        raise malformed("Idempotency-Key", "Write 1 to 255 printable ASCII characters.")
    return key


def _reason(request: Request) -> str | None:
    text = context(request).header(b"encours-reason")
    if text is None:
        return None
    # Header bytes arrive as Latin-1; what people write there is UTF-8 (RFC 9110 §5.5 leaves it to us).
    try:
        text = text.encode("latin-1").decode("utf-8").strip()
    except UnicodeError:
        raise malformed("Encours-Reason", "Write it in UTF-8.") from None
    if not 1 <= len(text) <= 500 or not text.isprintable():
        raise malformed("Encours-Reason", "Write 1 to 500 printable characters on one line.")
    return text


async def fingerprint(request: Request) -> bytes:
    """Return the SHA-256 of method, path, query and body; a JSON body in canonical form, without regard to white space.

    An upload that streams has no body here: its route identifies repetitions by the content that it reads.
    """
    scope = request.scope
    state = hashlib.sha256(f"{scope['method']} {scope['path']}?".encode())
    state.update(scope["query_string"])
    state.update(b"\n")
    if context(request).streams:
        state.update(context(request).sent.get(b"content-length", b""))
    else:
        raw = await request.body()
        if raw and is_json(context(request).header(b"content-type")):
            raw = _canonical.encode(await request.json())
        state.update(raw)
    return state.digest()
