"""Surface of a resolver in the API document: its parameters, its scope and the statuses that it can answer.

A resolver makes an argument of a handler from the request; it is declared in the argument's annotation, such as
``Annotated[Command, command("invoices:write")]``. Headers and query parameters that many routes share are read by
resolvers and declared here, so that /openapi.json names them as if FastAPI had read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from encours.http.access.keys import SCOPES


@dataclass(frozen=True, slots=True)
class Parameter:
    """A header or query parameter as OpenAPI describes it."""

    name: str
    place: str
    description: str
    schema: tuple[tuple[str, Any], ...]
    example: str | int | None = None

    def openapi(self) -> dict[str, Any]:
        """Return the parameter object of OpenAPI 3.1."""
        described: dict[str, Any] = {
            "name": self.name,
            "in": self.place,
            "required": False,
            "description": self.description,
            "schema": dict(self.schema),
        }
        if self.example is not None:
            described["example"] = self.example
        return described


def header(name: str, description: str, *, example: str | None = None, **schema: Any) -> Parameter:
    """Declare a request header; ``schema`` are JSON Schema keywords."""
    return Parameter(name, "header", description, tuple({"type": "string", **schema}.items()), example)


def query(name: str, description: str, *, example: str | int | None = None, **schema: Any) -> Parameter:
    """Declare a query parameter; ``schema`` are JSON Schema keywords."""
    return Parameter(name, "query", description, tuple({"type": "string", **schema}.items()), example)


@dataclass(frozen=True, slots=True)
class Surface:
    """Contribution of a resolver to each operation that uses it."""

    parameters: tuple[Parameter, ...] = ()
    scope: str | None = None
    secured: bool = False
    statuses: frozenset[int] = frozenset()
    answer_headers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.scope is not None and self.scope not in SCOPES:
            raise TypeError(
                f"no key can be given the scope {self.scope!r}: add it to encours.http.access.keys.SCOPES"
            )


def surface_of(resolver: object) -> Surface | None:
    """Return the surface of a resolver; ``None`` for any other object."""
    found = getattr(resolver, "surface", None)
    return found if isinstance(found, Surface) else None
