"""The way of a request from a route to its handler, without FastAPI's general machinery where that is not needed.

FastAPI declares, documents and validates; resolving a call, though, costs it more than everything else this package
does (two exit stacks, a walk over the tree of dependencies, a content-type parsed as an e-mail header: about 60 µs).
Our routes need little of that: dependencies that take the request, path and query parameters, one JSON body, and a
handler that makes its own ``Response``. Such a route gets a plan; any other goes the usual way, with the same result.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from encours.http.context import context
from encours.http.surface import surface_of

Fields = Sequence[Any]
Resolve = Callable[[Request], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a handler is called with, and where each of it comes from."""

    handler: Callable[..., Awaitable[Response]]
    dependencies: tuple[tuple[str | None, Resolve], ...]
    path: Fields
    query: Fields
    header: Fields
    body: Any
    request_name: str | None

    async def __call__(self, request: Request) -> Response:
        """Resolve and call. Raises what the dependencies refuse and :class:`RequestValidationError`."""
        values: dict[str, Any] = {}
        for name, resolve in self.dependencies:
            made = await resolve(request)
            if name is not None:
                values[name] = made
        errors: list[Any] = []
        for field in self.path:
            value, faults = field.validate(request.path_params[field.alias], {}, loc=("path", field.alias))
            errors += faults
            values[field.name] = value
        if self.query:
            found, faults = request_params_to_args(self.query, request.query_params)
            errors += faults
            values.update(found)
        if self.header:
            found, faults = request_params_to_args(self.header, request.headers)
            errors += faults
            values.update(found)
        sent: Any = None
        if self.body is not None:
            sent = await self._read_body(request, values, errors)
        if errors:
            raise RequestValidationError(errors, body=sent)
        if self.request_name is not None:
            values[self.request_name] = request
        return await self.handler(**values)

    async def _read_body(self, request: Request, values: dict[str, Any], errors: list[Any]) -> Any:
        field = self.body
        if not await request.body():
            if field.field_info.is_required():
                errors.append({"type": "missing", "loc": ("body",), "msg": "Field required"})
            else:
                values[field.name] = field.get_default()
            return None
        if not is_json(request):
            raise HTTPException(415, "Send the body as JSON with Content-Type: application/json.")
        sent = await request.json()
        value, faults = field.validate(sent, {}, loc=("body",))
        errors += faults
        values[field.name] = value
        return sent


def is_json(request: Request) -> bool:
    """Whether the body says that it is JSON: ``application/json`` or ``application/*+json``."""
    sent = context(request).header(b"content-type")
    if sent == "application/json":
        return True
    media = (sent or "").partition(";")[0].strip().lower()
    return media == "application/json" or (media.startswith("application/") and media.endswith("+json"))


def plan_of(route: APIRoute) -> Plan | None:
    """The plan for a route, or nothing if it needs more than a plan can do."""
    dependant = route.dependant
    handler = dependant.call
    if handler is None or not inspect.iscoroutinefunction(handler) or not _answers_itself(handler):
        return None
    if dependant.cookie_params or len(dependant.body_params) > 1 or route._embed_body_fields:
        return None
    extras = (
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.http_connection_param_name,
    )
    if any(extras) or dependant.security_scopes_param_name:
        return None
    if not all(_takes_only_the_request(sub) for sub in dependant.dependencies):
        return None
    body = dependant.body_params[0] if dependant.body_params else None
    if body is not None and not _is_plain_body(body):
        return None
    if any(_is_model(field) for field in dependant.path_params):
        return None
    dependencies = tuple((sub.name, _resolver(sub)) for sub in dependant.dependencies)
    return Plan(
        handler, dependencies, dependant.path_params, dependant.query_params, dependant.header_params, body,
        dependant.request_param_name,
    )  # fmt: skip


def _answers_itself(handler: Callable[..., Any]) -> bool:
    try:
        answer = get_type_hints(handler).get("return")
    except NameError:
        return False  # a type that only the type checker knows
    return inspect.isclass(answer) and issubclass(answer, Response)


def _takes_only_the_request(sub: Dependant) -> bool:
    """One of our own dependencies: an object with a surface, called with the request and nothing else."""
    fields = (
        sub.path_params,
        sub.query_params,
        sub.header_params,
        sub.cookie_params,
        sub.body_params,
        sub.dependencies,
    )
    return surface_of(sub.call) is not None and sub.request_param_name == "request" and not any(fields)


def _resolver(sub: Dependant) -> Resolve:
    call = sub.call
    assert call is not None
    return call


def _is_plain_body(field: Any) -> bool:
    return type(field.field_info).__name__ == "Body" and field.field_info.media_type == "application/json"


def _is_model(field: Any) -> bool:
    annotation = field.field_info.annotation
    return inspect.isclass(annotation) and issubclass(annotation, BaseModel)
