"""What a dependency adds to the API document: its parameters, its scope and the statuses it can answer.

Headers and query parameters that every route shares are read by hand, once, in one dependency (FastAPI's own
handling costs about 4 µs for each declared parameter). They are declared here instead, so that /openapi.json is as
complete as if FastAPI had read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from encours.http.access.keys import SCOPES


@dataclass(frozen=True, slots=True)
class Parameter:
    """One header or query parameter, as OpenAPI describes it."""

    name: str
    place: str
    description: str
    schema: tuple[tuple[str, Any], ...]
    example: str | int | None = None

    def openapi(self) -> dict[str, Any]:
        """The parameter object of OpenAPI 3.1."""
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
    """A request header; ``schema`` are JSON Schema keywords."""
    return Parameter(name, "header", description, tuple({"type": "string", **schema}.items()), example)


def query(name: str, description: str, *, example: str | int | None = None, **schema: Any) -> Parameter:
    """A query parameter; ``schema`` are JSON Schema keywords."""
    return Parameter(name, "query", description, tuple({"type": "string", **schema}.items()), example)


@dataclass(frozen=True, slots=True)
class Surface:
    """The visible side of a dependency."""

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


def surface_of(dependency: object) -> Surface | None:
    """The surface of a dependency that says what it adds to the API document."""
    found = getattr(dependency, "surface", None)
    return found if isinstance(found, Surface) else None
