"""Problems that a process documents at ``GET /problems/<code>``.

They are the refusals that its modules declare (:class:`~encours.kernel.errors.Refusal`); those of HTTP itself follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from encours.kernel.errors import Refusal, declared_in


class MalformedBody(Refusal):
    """The body is no JSON, or contains characters that cannot be stored."""

    code = "malformed-body"
    title = "Body cannot be read"
    status = 400
    remedy = "Send UTF-8 JSON with Content-Type: application/json."


class UnsupportedMediaType(Refusal):
    """The route does not accept the content type of the body."""

    code = "unsupported-media-type"
    title = "Unsupported media type"
    status = 415
    remedy = "Send the Content-Type that the API document names."


class MalformedParameter(Refusal):
    """A parameter or header of the wrong form."""

    code = "malformed-parameter"
    title = "Parameter or header cannot be read"
    status = 400
    remedy = "Correct the parameter that errors[] names."


class UnknownParameter(Refusal):
    """A query parameter that the route does not read."""

    code = "unknown-parameter"
    title = "Unknown query parameter"
    status = 400
    remedy = "Check its spelling against /openapi.json."


class RepeatedParameter(Refusal):
    """A query parameter that has one value is sent several times."""

    code = "repeated-parameter"
    title = "Repeated query parameter"
    status = 400
    remedy = "Send the parameter once."


class NoSuchPath(Refusal):
    """No route has this path."""

    code = "no-such-path"
    title = "Path not found"
    status = 404
    remedy = "See /docs for the paths of this service."


class MethodNotAllowed(Refusal):
    """The path has other methods than this one."""

    code = "method-not-allowed"
    title = "Method not allowed"
    status = 405
    remedy = "Use one of the methods in the Allow header."


class TooLarge(Refusal):
    """The body is larger than the route accepts."""

    code = "body-too-large"
    title = "Body is too large"
    status = 413
    remedy = "Send less at once; lists take up to 1,000 items."


class HeadersTooLarge(Refusal):
    """More bytes of headers than the process takes."""

    code = "headers-too-large"
    title = "Headers are too large"
    status = 431
    remedy = "Send shorter headers; data belongs into the body."


class MalformedRequest(Refusal):
    """Bytes that are no HTTP request, or a request without what HTTP demands."""

    code = "malformed-request"
    title = "Request cannot be read"
    status = 400
    remedy = "Send HTTP/1.1 with one Host header."


class RequestTimeout(Refusal):
    """The request stopped arriving, or arrived too slowly."""

    code = "request-timeout"
    title = "Request did not arrive in time"
    status = 408
    remedy = "Send the request again without pauses."


class ShareTaken(Refusal):
    """The key has all the requests at work that a process gives to one key (429)."""

    code = "share-taken"
    title = "Too many requests at once"
    status = 429
    remedy = "Wait for the answers of earlier requests, or end uploads and event streams that are not needed."


class Overloaded(Refusal):
    """The process answers the largest number of requests that it accepts at once (503)."""

    code = "overloaded"
    title = "Service is at its limit"
    status = 503
    remedy = "Repeat the request after Retry-After seconds."


class TookTooLong(Refusal):
    """The request was cancelled at its deadline; its outcome is unknown."""

    code = "took-too-long"
    title = "Request timed out"
    status = 503
    remedy = "Repeat the request with the same Idempotency-Key: the outcome of the first one is unknown."


class DatabaseUnavailable(Refusal):
    """The service's own database does not answer."""

    code = "database-unavailable"
    title = "Database unavailable"
    status = 503
    remedy = "Repeat the request after Retry-After seconds."


class ProblemNotFound(Refusal):
    """No refusal of this process has the code."""

    code = "problem-not-found"
    title = "Problem type not found"
    status = 404
    remedy = "Use the type exactly as the problem document gives it."


class InternalError(Refusal):
    """The program has failed."""

    code = "internal-error"
    title = "Internal error"
    status = 500
    remedy = "Report the request_id."


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """Documented refusal: its stable code, title, status and remedy."""

    code: str
    title: str
    status: int
    advice: str = ""


@dataclass(slots=True)
class Catalogue:
    """Return the refusals of the shared code and of the service's package."""

    kinds: dict[str, ProblemKind] = field(default_factory=dict)

    @classmethod
    def of(cls, *packages: str) -> Catalogue:
        """Return the refusals that the imported modules of these packages declare."""
        found = declared_in("encours", *packages)
        return cls(
            {kind.code: ProblemKind(kind.code, kind.title, kind.status, kind.remedy) for kind in found}
        )

    def add(self, kinds: Iterable[ProblemKind]) -> None:
        """Document problems that are no refusals of a request."""
        self.kinds.update((kind.code, kind) for kind in kinds)
