"""Refusals that a caller can act on, each with a stable code: the last part of its problem type."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One fault in a request body: a JSON pointer (RFC 6901) and what to change."""

    pointer: str
    detail: str


class DomainError(Exception):
    """A rule said no.

    ``code`` is stable and documented under ``/problems/<code>``; ``status`` is the HTTP status the edge
    answers with; ``detail`` says what to change; ``extra`` holds further members of the problem document.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        title: str | None = None,
        status: int = 409,
        errors: tuple[FieldError, ...] = (),
        extra: dict[str, object] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.title = title or code.replace("-", " ").capitalize()
        self.status = status
        self.detail = detail
        self.errors = errors
        self.extra = extra or {}
        self.retry_after_s = retry_after_s


class Invalid(DomainError):
    """A value that cannot be accepted as written (422)."""

    def __init__(self, detail: str, pointer: str = "", *, code: str = "invalid-request") -> None:
        super().__init__(code, detail, status=422, errors=(FieldError(pointer, detail),))


class NotFound(DomainError):
    """No such thing in this ledger (404)."""

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(
            f"{kind.replace(' ', '-')}-not-found",
            f"There is no {kind} {identifier} in this ledger.",
            status=404,
        )


class Conflict(DomainError):
    """The state of the thing does not allow it (409)."""
