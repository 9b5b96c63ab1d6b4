"""Routes that read JSON strictly, and a router that finds them without trying each one in turn.

``Router`` is what services declare their routes on. Its routes parse bodies with msgspec (UTF-8 only, no NaN, no
lone surrogates, bounded depth), refuse NUL characters, which PostgreSQL cannot store, and refuse query parameters
that no one reads: a misspelled filter must not answer with everything.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from encours.http.catalogue import UnknownParameter
from encours.http.fast import plan_of
from encours.http.problems import RefusedBody
from encours.http.surface import surface_of
from encours.kernel.errors import FieldError

_REASONS: dict[type[Exception], str] = {
    UnicodeDecodeError: "it is not UTF-8",
    RecursionError: "it is nested too deeply",
}

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRequest(Request):
    """A request whose JSON is read as :mod:`encours.http.routing` promises."""

    async def json(self) -> Any:
        """The parsed body, read once. Raises :class:`RefusedBody` (400)."""
        if not hasattr(self, "_strict_json"):
            self._strict_json = self._parse(await self.body())
        return self._strict_json

    @staticmethod
    def _parse(raw: bytes) -> Any:
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RefusedBody(
                (), f"This is not JSON that we can read: {_REASONS.get(type(error), str(error))}."
            ) from None
        if b"\\u0000" in raw and (path := _find_nul(value)) is not None:
            raise RefusedBody(path, "Text cannot hold a NUL character; remove it.")
        return value


def _find_nul(value: Any) -> tuple[str | int, ...] | None:
    """Where a NUL character hides, as a path; a backslash followed by ``u0000`` as text is no such thing."""
    if isinstance(value, str):
        return () if "\x00" in value else None
    children: Iterator[tuple[str | int, Any]]
    if isinstance(value, dict):
        if any("\x00" in name for name in value):
            return ()
        children = iter(value.items())
    elif isinstance(value, list):
        children = iter(enumerate(value))
    else:
        return None
    for name, child in children:
        found = _find_nul(child)
        if found is not None:
            return (name, *found)
    return None


class StrictRoute(APIRoute):
    """A route that reads a :class:`StrictRequest`, knows its query parameters and is called the short way."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan = plan_of(self)
        self.direct = _call_directly(self._strictly(plan)) if plan is not None else None

    def get_route_handler(self) -> Handler:
        """FastAPI's hook, for routes that have no plan."""
        handle = super().get_route_handler()
        return self._strictly(lambda request: handle(StrictRequest(request.scope, request.receive)))

    def _strictly(self, handle: Handler) -> Handler:
        known = frozenset(_query_names(self.dependant))

        async def strict(request: Request) -> Response:
            if request.scope["query_string"]:
                unknown = request.query_params.keys() - known
                if unknown:
                    raise _unknown_parameter(sorted(unknown), known)
            return await handle(request)

        return strict


def _call_directly(handle: Handler) -> ASGIApp:
    """The handler as an ASGI application; what it raises goes to the app's own handling of errors."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handle(StrictRequest(scope, receive))
        await response(scope, receive, send)

    return app


def _unknown_parameter(unknown: list[str], known: frozenset[str]) -> UnknownParameter:
    takes = f"It takes {', '.join(sorted(known))}." if known else "It takes none."
    return UnknownParameter(
        f"There is no query parameter {unknown[0][:60]!r} here. {takes}",
        errors=tuple(
            FieldError(f"/{name[:60]}", "Remove it or check its spelling.") for name in unknown[:20]
        ),
    )


def flatten(dependant: Dependant) -> Iterator[Dependant]:
    """A dependency and all that it needs."""
    yield dependant
    for sub in dependant.dependencies:
        yield from flatten(sub)


def _query_names(dependant: Dependant) -> Iterator[str]:
    for part in flatten(dependant):
        for field in part.query_params:
            kind = field.field_info.annotation
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from (info.alias or name for name, info in kind.model_fields.items())
            else:
                yield field.alias
        if (surface := surface_of(part.call)) is not None:
            yield from (parameter.name for parameter in surface.parameters if parameter.place == "query")


class Router(APIRouter):
    """Where a service declares its routes: ``router = Router(tags=["Invoices"])``."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("route_class", StrictRoute)
        kwargs.setdefault("generate_unique_id_function", operation_id)
        super().__init__(**kwargs)


def operation_id(route: APIRoute) -> str:
    """The handler's name in lower camel case, which generated clients take as the method's name."""
    first, *rest = re.split(r"_+", route.name.strip("_"))
    return first + "".join(word.capitalize() for word in rest)


class _HeadersSent(Exception):
    """The answer to a HEAD is complete; what would go on with the body, a stream of events for one, need not."""


def _headers_only(send: Send) -> Send:
    async def start(message: Message) -> None:
        await send(message)
        await send({"type": "http.response.body"})
        raise _HeadersSent

    return start


def _shape(path: str) -> tuple[int, str]:
    """Number of segments and second one (``invoices`` of ``/v1/invoices/{id}``), by which routes are kept."""
    parts = path.split("/")
    return len(parts), parts[2].partition(":")[0] if len(parts) > 2 else ""


class RouteIndex:
    """Finds a route by the shape of its path, then by its pattern.

    Starlette tries its routes in turn, about 2 µs each, and FastAPI tries those of included routers twice: with
    sixty routes that is more than all the rest of this package. What the index does not find, and what has no plan,
    goes the usual way, which also answers 404 and 405. HEAD is answered by what answers GET (RFC 9110 §9.3.2).
    """

    def __init__(self, app: FastAPI) -> None:
        self._otherwise: ASGIApp = AsyncExitStackMiddleware(app.router)
        self._router = app.router
        self._by_shape: dict[tuple[str, int, str], list[APIRoute]] = {}
        for route in app.router.routes:
            if isinstance(route, APIRoute) and ":path}" not in route.path:
                for method in route.methods or ():
                    self._by_shape.setdefault((method, *_shape(route.path)), []).append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._route(scope, receive, send)
            return
        asked = {**scope, "method": "GET"}
        try:
            with contextlib.suppress(_HeadersSent):
                await self._route(asked, receive, _headers_only(send))
        finally:
            scope["route"] = asked.get("route")

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for route in self._by_shape.get((scope["method"], *_shape(scope["path"])), ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    if (direct := getattr(route, "direct", None)) is None:
                        break
                    scope["router"] = self._router
                    scope.update(found)
                    await direct(scope, receive, send)
                    return
        await self._otherwise(scope, receive, send)
