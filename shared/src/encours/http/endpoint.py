"""Arguments of a route's handler: read from the request by the handler's signature, and validated by pydantic.

A handler takes path and query parameters, at most one JSON body, the request, and objects made by resolvers such as
``command(...)`` and ``reading(...)``. With the request and a body that may be missing, it reads bodies of other content
types than JSON itself. It returns a ``Response``. FastAPI gets the same handler without the resolvers,
for the API document; resolving a call costs it more than the rest of this package (two exit stacks, a walk over the
tree of dependencies, a content type parsed as an e-mail header: 60 µs).
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from fastapi import Path, Query
from fastapi.exceptions import HTTPException, RequestValidationError
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from encours.http.bodies.media import AlsoReads, is_json, media_type
from encours.http.context import context
from encours.http.problems import located
from encours.http.surface import Surface, surface_of

Handler = Callable[..., Awaitable[Response]]
Resolve = Callable[[Request], Awaitable[Any]]
Place = Literal["path", "query"]

_MARKS: dict[type, Place] = {type(Path()): "path", type(Query()): "query"}


class _Arguments(BaseModel):
    model_config = ConfigDict(protected_namespaces=())


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of one place. One model validates them together; ``whole`` names the argument that takes the model."""

    place: Place
    model: type[BaseModel]
    whole: str | None = None

    def names(self) -> Iterator[str]:
        """Names as the request writes them."""
        for name, field in self.model.model_fields.items():
            yield field.alias or name

    def read(self, sent: Mapping[str, Any], values: dict[str, Any], errors: list[Any]) -> None:
        """Add the arguments to ``values``, or the faults to ``errors``."""
        try:
            found = self.model.model_validate(sent)
        except ValidationError as error:
            errors += located(error, self.place, sent)
            return
        if self.whole is None:
            values.update(found)
        else:
            values[self.whole] = found


@dataclass(frozen=True, slots=True)
class BodyParameter:
    """The JSON body, or one in another media type, and the argument that takes it.

    ``others``: the handler reads bodies of other content types from the request itself.
    """

    name: str
    adapter: TypeAdapter[Any]
    required: bool
    default: Any
    others: bool = False
    also: AlsoReads | None = None

    async def read(self, request: Request, values: dict[str, Any], errors: list[Any]) -> Any:
        """Add the argument to ``values``, or the faults to ``errors``; return the JSON. Raises 415 for other types."""
        if not await request.body():
            if self.required:
                errors.append({"type": "missing", "loc": ("body",), "msg": "Field required"})
            values[self.name] = self.default
            return None
        if self.others and not is_json(context(request).header(b"content-type")):
            values[self.name] = self.default
            return None
        sent = await self._plain(request)
        try:
            values[self.name] = self.adapter.validate_python(sent, from_attributes=True)
        except ValidationError as error:
            errors += located(error, "body", sent)
        return sent

    async def _plain(self, request: Request) -> Any:
        sent = context(request).header(b"content-type")
        if is_json(sent):
            return await request.json()
        if self.also is not None and media_type(sent) == self.also.media_type:
            return self.also.parse(await request.body())
        more = "" if self.also is None else f", or with Content-Type: {self.also.media_type}"
        raise HTTPException(415, f"Send the body as JSON with Content-Type: application/json{more}.")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A handler and the source of each of its arguments."""

    handler: Handler
    resolvers: tuple[tuple[str | None, Resolve], ...]
    """The name of each one's argument; ``None`` for one that only refuses."""
    parameters: tuple[Parameters, ...]
    repeated: frozenset[str]
    """Names of query parameters that may be sent several times."""
    body: BodyParameter | None
    request_name: str | None

    async def __call__(self, request: Request) -> Response:
        """Resolve and call. Raises the resolvers' refusals, then :class:`RequestValidationError`."""
        values: dict[str, Any] = {}
        for name, resolve in self.resolvers:
            made = await resolve(request)
            if name is not None:
                values[name] = made
        errors: list[Any] = []
        for group in self.parameters:
            sent = request.path_params if group.place == "path" else self._query(request.query_params)
            group.read(sent, values, errors)
        json = None if self.body is None else await self.body.read(request, values, errors)
        if errors:
            raise RequestValidationError(errors, body=json)
        if self.request_name is not None:
            values[self.request_name] = request
        return await self.handler(**values)

    def _query(self, sent: QueryParams) -> Mapping[str, Any]:
        if not self.repeated:
            return sent
        return {name: sent.getlist(name) if name in self.repeated else sent[name] for name in sent}

    @property
    def surfaces(self) -> list[Surface]:
        """Surfaces of the resolvers, for the API document."""
        return [surface for _, resolve in self.resolvers if (surface := surface_of(resolve)) is not None]

    @property
    def query_names(self) -> frozenset[str]:
        """Names of all query parameters that the handler or one of its resolvers reads."""
        declared = (name for group in self.parameters if group.place == "query" for name in group.names())
        shared = (p.name for surface in self.surfaces for p in surface.parameters if p.place == "query")
        return frozenset((*declared, *shared))

    def has(self, place: Place) -> bool:
        """Return whether the handler takes parameters of its own from that place."""
        return any(group.place == place for group in self.parameters)


def read_signature(
    handler: Handler, path: str, guards: Sequence[Resolve] = ()
) -> tuple[Endpoint, Callable[..., Any]]:
    """Return the endpoint of a handler at a path, and the function that describes it to FastAPI.

    ``guards`` are resolvers that come before those in the signature and give no argument.

    Raises ``TypeError`` for a handler that is not asynchronous or not annotated to return a ``Response``.
    """
    hints = get_type_hints(handler, include_extras=True)
    answer = hints.pop("return", None)
    if not inspect.iscoroutinefunction(handler) or not _is(answer, Response):
        raise TypeError(f"{handler.__qualname__}: a handler is `async def` and returns a Response")
    resolvers: list[tuple[str | None, Resolve]] = [(None, guard) for guard in guards]
    fields: dict[Place, dict[str, Any]] = {"path": {}, "query": {}}
    groups: list[Parameters] = []
    body: BodyParameter | None = None
    request_name = None
    described = []
    for parameter in inspect.signature(handler).parameters.values():
        name, hint, default = parameter.name, hints[parameter.name], parameter.default
        kind, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        if resolve := next((mark for mark in marks if surface_of(mark) is not None), None):
            resolvers.append((name, resolve))
            continue
        if _is(kind, Request):
            request_name = name
            continue
        described.append(parameter.replace(annotation=hint))
        place = next((_MARKS[type(mark)] for mark in marks if type(mark) in _MARKS), None)
        if place == "query" and _is(kind, BaseModel):
            groups.append(Parameters("query", kind, whole=name))
        elif place is None and any(_is(option, BaseModel) for option in (kind, *get_args(kind))):
            required = default is parameter.empty
            also = next((mark for mark in marks if isinstance(mark, AlsoReads)), None)
            body = BodyParameter(name, TypeAdapter(hint), required, None if required else default, also=also)
        else:
            place = place or ("path" if f"{{{name}}}" in path else "query")
            fields[place][name] = (hint, ... if default is parameter.empty else default)
    if body is not None and request_name is not None:
        body = replace(body, others=not body.required)
    groups += [
        Parameters(place, create_model(handler.__name__, __base__=_Arguments, **of_place))
        for place, of_place in fields.items()
        if of_place
    ]
    repeated = frozenset(name for group in groups if group.place == "query" for name in _repeated(group))
    endpoint = Endpoint(handler, tuple(resolvers), tuple(groups), repeated, body, request_name)
    return endpoint, _describing(handler, described)


def _describing(handler: Handler, parameters: list[inspect.Parameter]) -> Callable[..., Any]:
    async def describe() -> None:
        raise AssertionError("the route's index calls the handler itself")

    describe.__name__, describe.__doc__, describe.__module__ = (
        handler.__name__,
        handler.__doc__,
        handler.__module__,
    )
    describe.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    describe.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return describe


def _repeated(group: Parameters) -> Iterator[str]:
    for name, field in group.model.model_fields.items():
        options = (field.annotation, *get_args(field.annotation))
        if any(option is list or get_origin(option) is list for option in options):
            yield field.alias or name


def _is(kind: Any, base: type) -> bool:
    return inspect.isclass(kind) and issubclass(kind, base)
