"""Every refusal is a problem document (RFC 9457) that says what to change.

``type`` is stable and can be opened: ``/problems/<code>``. Nothing of the inside (SQL, paths, stack traces) gets
into one; what went wrong inside is logged under the same ``request_id``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import asyncpg
import msgspec
import structlog
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from encours.http.catalogue import (
    Catalogue,
    DatabaseUnavailable,
    InternalError,
    MalformedBody,
    MethodNotAllowed,
    NoSuchPath,
    ProblemKind,
    TooLarge,
    UnsupportedMediaType,
)
from encours.http.context import context
from encours.http.forms import form_of
from encours.kernel.errors import DomainError, Invalid, Refusal
from encours.reading.pages import MalformedCursor

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 100

log = structlog.get_logger("encours.web")


def document_of(
    error: DomainError, request_id: str, *, errors: Sequence[Mapping[str, str]] | None = None
) -> dict[str, object]:
    """The members of a refusal's problem document, as it is sent and as batches list it per item.

    ``errors`` replaces its own faults.
    """
    if errors is None:
        errors = [{"pointer": fault.pointer, "detail": fault.detail} for fault in error.errors]
    problem: dict[str, object] = {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "request_id": request_id,
    }
    if errors:
        problem["errors"] = list(errors[:MAX_ERRORS])
    return error.extra | problem


def answer(problem: Mapping[str, object], *, headers: Mapping[str, str] | None = None) -> Response:
    """A problem document as an HTTP answer."""
    status = problem["status"]
    assert isinstance(status, int)
    return Response(
        msgspec.json.encode(problem, enc_hook=str),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def answer_error(
    request: Request, error: DomainError, *, headers: Mapping[str, str] | None = None
) -> Response:
    """A refused rule as an HTTP answer, with ``Retry-After`` where waiting helps."""
    more = dict(headers or {})
    if error.retry_after_s is not None or error.status == 503:
        more["Retry-After"] = str(error.retry_after_s or 1)
    return answer(document_of(error, context(request).request_id), headers=more)


def _own(
    request: Request,
    refusal: Refusal,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    return answer(document_of(refusal, context(request).request_id, errors=errors), headers=headers)


# What to change, by pydantic's error type, where its own words are for programmers.
_ADVICE = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no such field; remove it or check its spelling.",
    "string_type": "Write a string in double quotes.",
    "bool_type": "Write true or false without quotes.",
    "int_type": "Write a whole number without quotes.",
    "list_type": "Write a list in square brackets.",
    "model_type": "Write an object in braces.",
    "model_attributes_type": "Write an object in braces.",
    "dict_type": "Write an object in braces.",
}


def _fault(error: Mapping[str, Any]) -> dict[str, str]:
    place, *path = [str(part) for part in error.get("loc", ())] or ["body"]
    ctx = error.get("ctx") or {}
    if "pointer" in ctx:
        path.extend(part for part in str(ctx["pointer"]).split("/") if part)
    pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
    kind = error.get("type", "")
    advice = _ADVICE.get(kind) or form_of(str(ctx.get("pattern", "")))
    if kind == "value_error":  # a check of ours; pydantic's text names the Python class before it
        advice = str(ctx.get("error", "")) or None
    detail = advice or str(error.get("msg", "Not valid."))
    return {"in": place, "pointer": pointer, "detail": detail}


def located(error: ValidationError, place: str, sent: Any) -> list[dict[str, Any]]:
    """Return pydantic's findings with their locations in what was sent.

    Where a value may be of several types pydantic adds the name of the one it tried, which nobody has sent.
    """
    found = error.errors(include_url=False, include_input=False)
    return [{**each, "loc": (place, *_sent_path(each, sent))} for each in found]


def _sent_path(error: ErrorDetails, sent: Any) -> Iterator[int | str]:
    for n, part in enumerate(error["loc"], 1):
        if _has(sent, part):
            sent = sent[part]
            yield part
        elif n == len(error["loc"]) and error["type"] == "missing":
            yield part


def _has(sent: Any, part: int | str) -> bool:
    if isinstance(sent, list):
        return isinstance(part, int) and part < len(sent)
    return isinstance(sent, Mapping) and part in sent


def faults(errors: Sequence[Mapping[str, Any]], *, place: str | None = None) -> list[dict[str, str]]:
    """pydantic's findings as ``errors[]``: JSON pointers and what to change, without the values that were sent.

    ``place`` is put before locations that do not begin with body, query, path or header (batch items).
    """
    listed = errors[:MAX_ERRORS]
    if place is not None:
        listed = [{**error, "loc": (place, *error.get("loc", ()))} for error in listed]
    return [_fault(error) for error in listed]


async def _on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    if error.status >= 500 and error.status != 503:
        # A rule of ours that no caller can heed (the database refused our own statement): log it, tell nothing.
        log.error(
            "internal error", request_id=context(request).request_id, code=error.code, error=error.detail
        )
        return _own(request, InternalError("Something went wrong on our side; it has been logged."))
    headers = (
        {"WWW-Authenticate": f'Bearer realm="encours", error="{_bearer_error(error)}"'}
        if error.status == 401
        else None
    )
    return answer_error(request, error, headers=headers)


def _bearer_error(error: DomainError) -> str:
    return "invalid_token" if error.extra.get("presented") else "invalid_request"


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if error.body is None and any(tuple(item.get("loc", ())) == ("body",) for item in found):
        return _own(request, Invalid("This request needs a JSON body."), errors=faults(found))
    if isinstance(error.body, bytes):
        detail = "Send the body as JSON with Content-Type: application/json."
        return _own(request, UnsupportedMediaType(detail))
    listed = faults(found)
    first = listed[0]
    more = f" ({len(found) - 1} more in errors)" if len(found) > 1 else ""
    detail = f"{first['in']} {first['pointer'] or '/'}: {first['detail']}{more}"
    return _own(request, Invalid(detail), errors=listed)


_HTTP_REFUSALS: dict[int, type[Refusal]] = {
    400: MalformedBody,
    404: NoSuchPath,
    405: MethodNotAllowed,
    413: TooLarge,
    415: UnsupportedMediaType,
}


def _methods_at(request: Request) -> set[str]:
    """Methods of the path: each has a route of its own."""
    taken: set[str] = set()
    for route in request.app.router.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            taken |= route.methods or set()
    return taken | {"HEAD"} if "GET" in taken else taken


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    headers = dict(error.headers or {})
    kind = _HTTP_REFUSALS.get(error.status_code, InternalError if error.status_code >= 500 else MalformedBody)
    match error.status_code:
        case 404:
            detail = f"There is nothing at {request.url.path[:200]}."
        case 405:
            detail = f"{request.url.path[:200]} does not take {request.method[:20]}."
            headers["Allow"] = ", ".join(sorted(_methods_at(request)))
        case 413:
            detail = f"The body may have {context(request).body_max_bytes:,} bytes at most."
            headers["Connection"] = "close"
        case _:
            detail = str(error.detail)[:500]
    errors = error.faults if isinstance(error, RefusedBody) else ()
    return _own(request, kind(detail), headers=headers, errors=errors)


async def _on_database(request: Request, error: Exception) -> Response:
    if isinstance(
        error, ValueError
    ):  # asyncpg's own refusal of an argument is an InterfaceError and a ValueError
        return await _on_data_error(request, error)
    log.warning("database unavailable", request_id=context(request).request_id, error=repr(error))
    refusal = DatabaseUnavailable("The database cannot be reached just now.")
    return _own(request, refusal, headers={"Retry-After": "2"})


async def _on_data_error(request: Request, error: Exception) -> Response:
    if "cursor" in request.query_params:
        # What else a list asks with is checked at the door, and was the same on the page before; of what type the
        # values in a cursor must be, only the database knows.
        return answer_error(request, MalformedCursor())
    # A value that passed the schema and that PostgreSQL cannot hold: the caller's value, and a schema of ours
    # that should have been stricter. The caller gets a refusal, the log gets the case.
    log.error(
        "value refused by the database",
        request_id=context(request).request_id,
        error=repr(error),
    )
    return _own(request, Invalid("A value is beyond what can be stored: shorten or correct it."))


class BodyTooLarge(HTTPException):
    """More bytes than the route takes. An ``HTTPException``, because FastAPI lets only these through its reader."""

    def __init__(self) -> None:
        super().__init__(status_code=413)


class RefusedBody(HTTPException):
    """A body that is JSON and holds what cannot be stored; an ``HTTPException`` for the same reason."""

    def __init__(self, path: Sequence[str | int], detail: str) -> None:
        super().__init__(status_code=400, detail=detail)
        self.faults = faults([{"loc": ("body", *path), "msg": detail}])


UNAVAILABLE: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.QueryCanceledError,
    OSError,  # ConnectionError and TimeoutError among them
)


_ANSWERS: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
    DomainError: _on_domain_error,
    RequestValidationError: _on_invalid,
    StarletteHTTPException: _on_http,
    asyncpg.DataError: _on_data_error,
    asyncpg.InternalClientError: _on_database,
    **dict.fromkeys(UNAVAILABLE, _on_database),
}


async def answer_for(request: Request, error: Exception) -> Response | None:
    """The answer to an error that a request may end with; nothing for one that is a mistake of ours."""
    for kind in type(error).__mro__:
        if kind in _ANSWERS:
            return await _ANSWERS[kind](request, error)
    return None


def install(app: FastAPI, package: str, kinds: Iterable[ProblemKind] = ()) -> Catalogue:
    """Give the app its catalogue of problems: the refusals of the shared code and of the service's package."""
    catalogue = Catalogue.of(package)
    catalogue.add(kinds)
    app.state.problems = catalogue
    return catalogue
