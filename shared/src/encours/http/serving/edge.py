"""The outermost layer: one pure ASGI middleware that bounds, times, counts and signs every request.

It does in one place what is usually a chain of middlewares: request id and trace, room at the gate, deadline, body
bound, headers of the answer, the 500 without detail, metrics and the access line. Each wrapper around a request
costs about as much as the work it does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from encours.http import problems
from encours.http.access.limits import Gate
from encours.http.catalogue import (
    InternalError,
    MalformedParameter,
    MalformedRequest,
    Overloaded,
    RequestTimeout,
    TookTooLong,
    UnsupportedMediaType,
)
from encours.http.context import SCOPE_KEY, RequestContext, continue_trace, request_id_from
from encours.kernel.errors import Refusal
from encours.service.metrics import Metrics
from encours.service.settings import ServiceSettings

CLIENT_LEFT = 499
"""Status in logs and metrics of a request whose client closed the connection; nobody gets it."""

UNCOUNTED = frozenset({"/livez", "/readyz", "/metrics"})
"""Answered even when the gate is full: who watches the service must see that it is full, not that it is gone."""

log = structlog.get_logger("encours.web.access")


class Edge:
    """Wraps the routes: what they raise, expected or not, is answered here."""

    def __init__(self, app: ASGIApp, *, settings: ServiceSettings, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._gate = Gate(settings.in_flight_max)
        self._timeout_s = settings.request_timeout_s
        self._body_max_bytes = settings.body_max_bytes
        metrics.in_flight.set_function(lambda: self._gate.in_flight)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ctx = _open(scope, self._body_max_bytes)
        exchange = _Exchange(ctx, receive, send)
        started = time.perf_counter()
        if (wrong := _wrong_head(scope, ctx)) is not None:
            await self._refuse(scope, exchange, wrong)
        elif scope["path"] in UNCOUNTED:
            await self._answer(scope, exchange)
            ctx.leave_share()
            return
        elif not self._gate.enter():
            self._metrics.refused.labels("overloaded").inc()
            await self._refuse(scope, exchange, Overloaded("All places are taken; repeat after a second."))
        else:
            try:
                await self._answer(scope, exchange)
            finally:
                self._gate.leave()
                ctx.leave_share()
        self._note(scope, ctx, time.perf_counter() - started)

    async def _answer(self, scope: Scope, exchange: _Exchange) -> None:
        ctx = exchange.ctx
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            refusal = MalformedParameter("A path or query cannot hold a NUL character.")
            await self._refuse(scope, exchange, refusal)
            return
        ctx.timeout_s = self._timeout_s
        try:
            async with asyncio.timeout(self._timeout_s) as ctx.deadline:
                await self._app(scope, exchange.receive, exchange.send)
        except asyncio.CancelledError:
            # The server ends and its patience with us is over. Say so, instead of the server's bare 500.
            if ctx.status:
                raise
            await self._refuse(scope, exchange, TookTooLong("The service is shutting down."))
        except Exception as error:
            if isinstance(error, ClientDisconnect) or isinstance(error.__cause__, ClientDisconnect):
                ctx.status = CLIENT_LEFT  # FastAPI wraps it where it reads the body itself
                return
            if ctx.status:
                log.exception("answer cut short", request_id=ctx.request_id, route=_route(scope))
                raise  # the answer had begun; the server closes the connection, so the client sees it cut short
            if ctx.deadline is not None and ctx.deadline.expired():
                await self._refuse_late(scope, exchange)
                return
            answer = await problems.answer_for(Request(scope), error)
            if answer is None:
                await self._refuse_unexpected(scope, exchange)
            else:
                await answer(scope, exchange.receive, exchange.send)

    async def _refuse_late(self, scope: Scope, exchange: _Exchange) -> None:
        self._metrics.refused.labels("timeout").inc()
        if exchange.waits_for_body:
            await self._refuse(scope, exchange, RequestTimeout("The body did not arrive in time."))
        else:
            await self._refuse(scope, exchange, TookTooLong(f"No answer within {self._timeout_s:g} s."))

    async def _refuse_unexpected(self, scope: Scope, exchange: _Exchange) -> None:
        route, method = _route(scope), _method(scope)
        log.exception("unexpected error", request_id=exchange.ctx.request_id, route=route, method=method)
        detail = "Something went wrong on our side; it has been logged."
        await self._refuse(scope, exchange, InternalError(detail))

    async def _refuse(self, scope: Scope, exchange: _Exchange, refusal: Refusal) -> None:
        problem = problems.document_of(refusal, exchange.ctx.request_id)
        headers = {"Retry-After": "1"} if refusal.status == 503 else {}
        if exchange.waits_for_body:
            headers["Connection"] = "close"
        await problems.answer(problem, headers=headers)(scope, exchange.receive, exchange.send)

    def _note(self, scope: Scope, ctx: RequestContext, seconds: float) -> None:
        route, method = _route(scope), _method(scope)
        self._metrics.request(route, method, ctx.status, seconds)
        log.info(
            "request",
            method=method,
            route=route,
            status=ctx.status,
            ms=round(seconds * 1000, 2),
            request_id=ctx.request_id,
            traceparent=ctx.traceparent,
            ledger=ctx.ledger,
            actor=ctx.caller.actor if ctx.caller is not None else None,
        )


class _Exchange:
    """The request's own ``receive`` and ``send``: bytes in are counted, headers out are added."""

    __slots__ = ("_receive", "_send", "ctx")

    def __init__(self, ctx: RequestContext, receive: Receive, send: Send) -> None:
        self.ctx = ctx
        self._receive = receive
        self._send = send

    @property
    def waits_for_body(self) -> bool:
        """True while a part of the body has not arrived."""
        return not self.ctx.body_complete and self.ctx.content_length != 0

    async def receive(self) -> Message:
        ctx = self.ctx
        if ctx.content_length is not None and ctx.content_length > ctx.body_max_bytes:
            raise problems.BodyTooLarge
        message = await self._receive()
        if message["type"] == "http.request":
            ctx.received_bytes += len(message.get("body", b""))
            ctx.body_complete = not message.get("more_body", False)
            if ctx.received_bytes > ctx.body_max_bytes:
                raise problems.BodyTooLarge
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            ctx = self.ctx
            ctx.status = message["status"]
            message["headers"] = [
                *message["headers"],
                (b"request-id", ctx.request_id.encode("ascii")),
                (b"traceparent", ctx.traceparent.encode("ascii")),
                *ctx.headers,
            ]
        await self._send(message)


def _open(scope: MutableMapping[str, Any], body_max_bytes: int) -> RequestContext:
    sent: dict[bytes, bytes] = dict(scope["headers"])
    length = sent.get(b"content-length")
    if length is not None and b"transfer-encoding" not in sent:
        content_length = int(length) if length.isdigit() and len(length) < 16 else None
    else:
        content_length = None if b"transfer-encoding" in sent else 0
    ctx = RequestContext(
        request_id_from(sent.get(b"request-id")),
        continue_trace(sent.get(b"traceparent")),
        sent=sent,
        body_max_bytes=body_max_bytes,
        content_length=content_length,
    )
    scope[SCOPE_KEY] = ctx
    return ctx


def _wrong_head(scope: Scope, ctx: RequestContext) -> Refusal | None:
    """Refusal of a request by its head alone, before its route is known."""
    hosts = sum(name == b"host" for name, _ in scope["headers"])
    if hosts > 1 or (not hosts and scope["http_version"] != "1.0"):
        return MalformedRequest("A request has one Host header.")
    coding = ctx.sent.get(b"content-encoding", b"identity")
    if coding.lower() != b"identity":
        return UnsupportedMediaType("Bodies are read as they are sent: leave out Content-Encoding.")
    if len(ctx.sent) != len(scope["headers"]) and (name := _repeated(scope)) is not None:
        return MalformedParameter(f"Send the header {name} once.")
    return None


def _repeated(scope: Scope) -> str | None:
    """A header that was sent twice although one value counts: proxies may have judged by the other one."""
    names = [name for name, _ in scope["headers"]]
    return next((shown for name, shown in _ONCE.items() if names.count(name) > 1), None)


def _route(scope: Scope) -> str:
    """The route's template: a label with few values, unlike the path."""
    route = scope.get("route")
    return getattr(route, "path", None) or "unmatched"


_ONCE = {
    name.lower().encode(): name
    for name in (
        "Authorization",
        "Encours-Ledger",
        "Encours-Reason",
        "Idempotency-Key",
        "If-Match",
        "Last-Event-ID",
    )
}
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in _METHODS else "OTHER"
