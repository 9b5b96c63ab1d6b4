"""Complete API document: shared headers and parameters, problems, security and answer headers of each route.

FastAPI describes what it reads itself; what the shared dependencies read is taken from their
:class:`~encours.http.surface.Surface`, so the document cannot drift from the code.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from encours.http.access.caller import MissingScope
from encours.http.auth import Unauthenticated
from encours.http.models import DryRun, Problem
from encours.http.problems import document_of
from encours.http.routing import Operation
from encours.http.surface import Surface
from encours.kernel.errors import Invalid

SECURITY_SCHEME = "ApiKey"

_DESCRIPTIONS = {
    400: "A parameter, header or body cannot be read.",
    401: "No valid API key.",
    403: "The API key does not allow this.",
    404: "There is no such thing in this ledger.",
    405: "The path does not take this method.",
    408: "The body did not arrive in time.",
    409: "The state of the thing does not allow it, or it is being changed at this moment.",
    410: "It was there, and will not be there again.",
    412: "The thing is not at the version in If-Match.",
    413: "The body is too large.",
    415: "The body's type is not accepted.",
    416: "The Range begins beyond the end of the file.",
    422: "The request can be read and is not valid; errors[] lists what to change.",
    429: "Too many requests.",
    503: "Overloaded, draining, or a database is away: repeat after Retry-After seconds.",
}
_REQUEST_ID = "req_019a9e2f6c0c7d3e8f4a5b6c7d8e9f00"
_MISSING = {"in": "body", "pointer": "/issued_on", "detail": "This field is required."}
_EXAMPLES: dict[int, dict[str, object]] = {
    401: document_of(Unauthenticated(presented=False), _REQUEST_ID),
    403: document_of(MissingScope("invoices:write"), _REQUEST_ID),
    422: document_of(Invalid("body /issued_on: This field is required."), _REQUEST_ID, errors=[_MISSING]),
}

_HEADERS: dict[str, dict[str, Any]] = {
    "Request-Id": {"description": "Names this exchange in our logs.", "schema": {"type": "string"}},
    "traceparent": {"description": "W3C trace context of this exchange.", "schema": {"type": "string"}},
    "Encours-Ledger": {"description": "The ledger that was worked in.", "schema": {"type": "string"}},
    "Encours-Position": {
        "description": "The ledger's position after this; send it as min_position to read your write.",
        "schema": {"type": "integer"},
    },
    "Encours-Lag": {
        "description": "Events that the ledger held and the answer lacks, or `unknown` if the ledger did not answer in"
        " time; absent if there are none.",
        "schema": {"type": "string", "pattern": "^([1-9][0-9]*|unknown)$"},
    },
    "Idempotency-Replayed": {
        "description": "true if this is the answer to an earlier, equal request.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "ETag": {"description": 'The version of the thing, such as "3".', "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "RateLimit": {"description": "What is left of the key's share.", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "The key's share.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string"}},
}


def install(app: FastAPI) -> None:
    """Make ``app.openapi()`` answer the complete document, built once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def build(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for model in (Problem, DryRun):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for name, schema in schemas.items():
        if name.endswith(("-Input", "-Output")):
            # Both have the title of their class, by which generated clients name theirs.
            schema["title"] = name.replace("-", "")
    components["headers"] = _HEADERS
    components["responses"] = {f"Problem{status}": _problem(status) for status in _DESCRIPTIONS}
    components["securitySchemes"] = {
        SECURITY_SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, enc_<id>_<secret>; `encours keys create` makes one.",
        }
    }
    for route in app.routes:
        if isinstance(route, Operation) and route.include_in_schema:
            for method in route.methods or ():
                _complete(document["paths"][route.path_format][method.lower()], route)
    return document


def _problem(status: int) -> dict[str, Any]:
    headers = ["Request-Id"]
    if status in (429, 503):
        headers.append("Retry-After")
    if status == 401:
        headers.append("WWW-Authenticate")
    content: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}
    if status in _EXAMPLES:
        content["example"] = _EXAMPLES[status]
    return {
        "description": _DESCRIPTIONS[status],
        "headers": _refs(headers),
        "content": {"application/problem+json": content},
    }


def _refs(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _complete(operation: dict[str, Any], route: Operation) -> None:
    surfaces = route.reads.surfaces
    statuses = {400, 503}.union(*(surface.statuses for surface in surfaces))
    if route.reads.has("path"):
        statuses |= {404, 422}
    if route.reads.has("query"):
        statuses.add(422)
    if route.reads.body is not None:
        statuses |= {408, 413, 415, 422}
        _name_body(operation["requestBody"])
    _add_parameters(operation, surfaces)
    _add_security(operation, surfaces)
    _add_answers(operation, statuses, surfaces)


def _name_body(body: dict[str, Any]) -> None:
    """State the schema of a body that may be left out without its null, which generated clients would have to send."""
    for content in body["content"].values():
        match content.get("schema"):
            case {"anyOf": [stated, {"type": "null"}]} if not body.get("required"):
                content["schema"] = stated


def _add_parameters(operation: dict[str, Any], surfaces: list[Surface]) -> None:
    parameters = operation.setdefault("parameters", [])
    known = {(parameter["in"], parameter["name"].lower()) for parameter in parameters}
    for surface in surfaces:
        for parameter in surface.parameters:
            if (parameter.place, parameter.name.lower()) not in known:
                known.add((parameter.place, parameter.name.lower()))
                parameters.append(parameter.openapi())


def _add_security(operation: dict[str, Any], surfaces: list[Surface]) -> None:
    if not any(surface.secured for surface in surfaces):
        operation["security"] = []
        return
    scopes = sorted({surface.scope for surface in surfaces if surface.scope is not None})
    operation["security"] = [{SECURITY_SCHEME: scopes}]
    if scopes:
        note = f"Needs the scope {' and '.join(f'`{scope}`' for scope in scopes)}."
        operation["description"] = f"{operation.get('description', '')}\n\n{note}".strip()


def _add_answers(operation: dict[str, Any], statuses: set[int], surfaces: list[Surface]) -> None:
    answers = operation["responses"]
    answers.pop("422", None)
    headers = ["Request-Id", "traceparent"]
    if any(surface.secured for surface in surfaces):
        headers += ["Encours-Ledger", "RateLimit", "RateLimit-Policy", "ETag"]
    for surface in surfaces:
        headers += surface.answer_headers
    writes = any(parameter.name == "dry_run" for surface in surfaces for parameter in surface.parameters)
    for status, answer in answers.items():
        if status.startswith("2"):
            answer.setdefault("headers", {}).update(_refs(headers))
    if writes:
        _allow_dry_run(answers)
    for status in sorted(statuses):
        if status == 304:
            answers.setdefault(
                "304",
                {
                    "description": "The copy at hand is still the thing.",
                    "headers": _refs(["ETag", "Request-Id"]),
                },
            )
        else:
            answers.setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})


def _allow_dry_run(answers: dict[str, Any]) -> None:
    preview = {"$ref": "#/components/schemas/DryRun"}
    good = answers.setdefault("200", {"description": "Of a dry run: the events that would be appended."})
    content = good.setdefault("content", {}).setdefault("application/json", {})
    schema = content.get("schema")
    content["schema"] = preview if not schema or schema == {} else {"anyOf": [schema, preview]}
