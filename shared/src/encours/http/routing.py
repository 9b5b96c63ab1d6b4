"""Routes of a service: declared on a ``Router``, found by their shape, called without FastAPI's machinery.

FastAPI gets every route for the API document. A request goes from :class:`RouteIndex` to the route's
:class:`~encours.http.endpoint.Endpoint`. Query parameters that no one reads are refused: a misspelled filter must not
answer with everything. So are values of which only one would be read.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from encours.http.bodies.strict import StrictRequest
from encours.http.catalogue import RepeatedParameter, UnknownParameter
from encours.http.endpoint import Handler, read_signature
from encours.kernel.errors import FieldError


class Operation(APIRoute):
    """A route that calls its handler itself. FastAPI sees the handler without its resolvers."""

    def __init__(self, path: str, endpoint: Handler, **options: Any) -> None:
        if ":path}" in path:
            raise TypeError(f"{path}: a parameter is one segment of the path")
        guards = options.pop("dependencies", None) or ()
        self.reads, described = read_signature(endpoint, path, guards)
        self._query_names = self.reads.query_names
        super().__init__(path, described, **options)

    async def call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. Its errors go to the app's own handling of errors."""
        request = StrictRequest(scope, receive)
        if scope["query_string"]:
            sent = request.query_params
            unknown = sent.keys() - self._query_names
            if unknown:
                raise _unknown_parameter(sorted(unknown), self._query_names)
            if len(sent.multi_items()) > len(sent):
                _require_one(sent, self.reads.repeated)
        response = await self.reads(request)
        await response(scope, receive, send)


def _unknown_parameter(unknown: list[str], known: frozenset[str]) -> UnknownParameter:
    takes = f"It takes {', '.join(sorted(known))}." if known else "It takes none."
    return UnknownParameter(
        f"There is no query parameter {unknown[0][:60]!r} here. {takes}",
        errors=tuple(
            FieldError(f"/{name[:60]}", "Remove it or check its spelling.") for name in unknown[:20]
        ),
    )


def _require_one(sent: QueryParams, repeated: frozenset[str]) -> None:
    for name in sent:
        if name not in repeated and len(sent.getlist(name)) > 1:
            detail = f"The query parameter {name} has one value: send it once."
            raise RepeatedParameter(detail, f"/{name}")


class Router(APIRouter):
    """Declares routes: ``router = Router(tags=["Invoices"])``."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("route_class", Operation)
        options.setdefault("generate_unique_id_function", operation_id)
        super().__init__(**options)


def operation_id(route: APIRoute) -> str:
    """Return the handler's name in lower camel case, which generated clients take as the method's name."""
    first, *rest = re.split(r"_+", route.name.strip("_"))
    return first + "".join(word.capitalize() for word in rest)


class _HeadersSent(Exception):
    """The answer to a HEAD is complete; the rest of the body, such as a stream of events, is not needed."""


def _headers_only(send: Send) -> Send:
    async def start(message: Message) -> None:
        await send(message)
        await send({"type": "http.response.body"})
        raise _HeadersSent

    return start


_ANY = "{}"
"""Second segment of a path that has a parameter there."""


def _shape(path: str) -> tuple[int, str]:
    """Return the number of segments and the second one (``invoices`` of ``/v1/invoices/{id}``)."""
    parts = path.split("/")
    second = parts[2].partition(":")[0] if len(parts) > 2 else ""
    return len(parts), _ANY if second.startswith("{") else second


class RouteIndex:
    """Finds a route by the shape of its path, then by its pattern.

    Starlette tries its routes in turn, about 2 µs each, and FastAPI tries those of included routers twice: with
    sixty routes that is more than the rest of this package. A request without a route here goes to the app's router,
    which has the API document and answers 404 and 405. HEAD is answered by the route of GET (RFC 9110 §9.3.2).
    """

    def __init__(self, app: FastAPI) -> None:
        self._router = app.router
        self._by_shape: dict[tuple[str, int, str], list[Operation]] = {}
        found = [
            ((method, *_shape(route.path)), route)
            for route in app.router.routes
            if isinstance(route, Operation)
            for method in route.methods or ()
        ]
        for shape in dict(found):
            alike = (shape, (*shape[:2], _ANY))
            self._by_shape[shape] = [route for other, route in found if other in alike]

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
            for route in self._candidates(scope["method"], *_shape(scope["path"])):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    await route.call(scope, receive, send)
                    return
        await self._router(scope, receive, send)

    def _candidates(self, method: str, segments: int, second: str) -> Sequence[Operation]:
        exact = self._by_shape.get((method, segments, second))
        return self._by_shape.get((method, segments, _ANY), ()) if exact is None else exact
