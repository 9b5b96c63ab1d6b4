"""The problems that a process documents: ``GET /problems/<code>`` answers one of these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from encours.kernel.errors import DomainError

_MAX_KNOWN = 2_000


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One documented refusal: its stable code, title and status, and what the caller can do about it."""

    code: str
    title: str
    status: int
    advice: str = ""


# fmt: off
_OWN = (
    ProblemKind(
        "invalid-request", "The request is not valid", 422,
        "errors[] points at each fault and says what to change.",
    ),
    ProblemKind(
        "malformed-body", "The body cannot be read", 400,
        "Send UTF-8 JSON as Content-Type application/json.",
    ),
    ProblemKind(
        "unsupported-media-type", "The body's type is not accepted", 415,
        "Send the Content-Type that the API document names.",
    ),
    ProblemKind(
        "malformed-parameter", "A parameter or header cannot be read", 400,
        "errors[] names it and says what to change.",
    ),
    ProblemKind(
        "unknown-parameter", "There is no such query parameter", 400,
        "Check its spelling against /openapi.json.",
    ),
    ProblemKind(
        "malformed-cursor", "The cursor is not one of ours", 400,
        "Take next_cursor as it was answered, with the same filters and sort.",
    ),
    ProblemKind(
        "no-such-path", "There is nothing at this path", 404,
        "See /docs for the paths of this service.",
    ),
    ProblemKind(
        "method-not-allowed", "The path does not take this method", 405,
        "The Allow header lists those that it takes.",
    ),
    ProblemKind(
        "unauthenticated", "No valid API key", 401,
        "Send Authorization: Bearer enc_…; keys are made with `encours keys create`.",
    ),
    ProblemKind(
        "missing-scope", "The API key lacks a scope", 403,
        "Use a key that holds the scope named in `required`.",
    ),
    ProblemKind(
        "entity-not-granted", "The API key does not cover this entity", 403,
        "Use a key whose entities include the one named.",
    ),
    ProblemKind(
        "ledger-not-found", "There is no such ledger", 404,
        "Name one that exists in the Encours-Ledger header.",
    ),
    ProblemKind(
        "idempotency-key-reused", "The Idempotency-Key was used with another request", 422,
        "Send a new key for a new request.",
    ),
    ProblemKind(
        "request-in-flight", "The same Idempotency-Key is being answered", 409,
        "Repeat the request after Retry-After seconds.",
    ),
    ProblemKind(
        "stream-moved", "The thing was changed at the same time", 409,
        "Read it again and repeat the request.",
    ),
    ProblemKind(
        "precondition-failed", "The thing is not at the version in If-Match", 412,
        "Read it again and send its ETag.",
    ),
    ProblemKind(
        "position-not-reached", "That position has not been reached yet", 503,
        "Repeat after Retry-After seconds.",
    ),
    ProblemKind(
        "future-position", "The ledger has not reached that point", 422,
        "Ask for a known_at that has passed.",
    ),
    ProblemKind(
        "body-too-large", "The body is too large", 413,
        "Send less at once; lists take up to 1,000 items.",
    ),
    ProblemKind(
        "request-timeout", "The body did not arrive in time", 408,
        "Send the request again without pauses.",
    ),
    ProblemKind(
        "rate-limited", "Too many requests", 429,
        "Repeat after Retry-After seconds; RateLimit says what is left.",
    ),
    ProblemKind("overloaded", "The service is at its limit", 503, "Repeat after Retry-After seconds."),
    ProblemKind(
        "took-too-long", "The answer took too long", 503,
        "The outcome is unknown: repeat with the same Idempotency-Key.",
    ),
    ProblemKind(
        "ledger-unavailable", "The ledger cannot be reached", 503,
        "The outcome is unknown: repeat with the same Idempotency-Key.",
    ),
    ProblemKind(
        "database-unavailable", "The database cannot be reached", 503,
        "Repeat after Retry-After seconds.",
    ),
    ProblemKind(
        "read-model-not-ready", "The read model is being built", 503,
        "Repeat after Retry-After seconds.",
    ),
    ProblemKind("unknown-currency", "Not an ISO 4217 currency", 422, "Write a code such as EUR."),
    ProblemKind(
        "issue-date-before-last", "The date is before the last of the series", 409,
        "Issue with that date or a later one.",
    ),
    ProblemKind(
        "number-taken", "Another document has this number", 409,
        "Give the series another prefix, or check whether the document was taken over already.",
    ),
    ProblemKind("problem-not-found", "There is no such problem", 404, "Take the `type` as it was answered."),
    ProblemKind(
        "type-family-refused", "The service may not append events of this family", 403,
        "Grant the service's database role the family; see the runbooks.",
    ),
    ProblemKind("append-refused", "The ledger refused the append as malformed", 500, "Report the request_id."),
    ProblemKind("internal-error", "Something went wrong on our side", 500, "Report the request_id."),
)
# fmt: on


@dataclass(slots=True)
class Catalogue:
    """The problems of this package, the service's, and any that the process has answered."""

    kinds: dict[str, ProblemKind] = field(default_factory=lambda: {kind.code: kind for kind in _OWN})

    def add(self, kinds: Iterable[ProblemKind]) -> None:
        """Document the problems of a service."""
        self.kinds.update((kind.code, kind) for kind in kinds)

    def note(self, error: DomainError) -> None:
        """Remember a refusal, so that its ``type`` can be opened even if no one wrote it down."""
        if error.code not in self.kinds and len(self.kinds) < _MAX_KNOWN:
            self.kinds[error.code] = ProblemKind(error.code, error.title, error.status)
