"""Refusals that a caller can act on, each with a stable code: the last part of its problem type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """One fault in a request body: a JSON pointer (RFC 6901) and what to change."""

    pointer: str
    detail: str


class DomainError(Exception):
    """Base of refusals, to be caught; raise a :class:`Refusal`.

    ``code`` is stable and documented under ``/problems/<code>``; ``status`` is the HTTP status of the
    answer; ``detail`` says what to change; ``extra`` holds further members of the problem document.
    """

    code: str
    title: str
    status: int = 409
    detail: str
    errors: tuple[FieldError, ...]
    extra: dict[str, object]
    retry_after_s: int | None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without a call of ``__init__``, whose arguments differ by class."""
        return _restored, (type(self), self.args), self.__dict__


def _restored(kind: type[DomainError], arguments: tuple[object, ...]) -> DomainError:
    return kind.__new__(kind, *arguments)


class Refusal(DomainError):
    """A refusal, declared once: a class with its code, title, status and remedy.

    ::

        class InvoiceNotDraft(Refusal):
            code = "invoice-not-draft"
            title = "Invoice is not a draft"
            remedy = "Correct an issued invoice with a credit note."

        raise InvoiceNotDraft(f"{number} is issued and can no longer be amended.")

    It is beside the rule that raises it, or in the ``refusals.py`` of its aggregate. ``status`` is 409 unless the
    class says otherwise. The detail names the case at hand; the title (no full stop) and the remedy (one sentence)
    hold for all cases. ``GET /problems/<code>``, the API documents and their examples are made from the classes of
    the process's package and of this one, so nothing else has to be listed. A subclass without a code of its own
    has that of its parent.
    """

    remedy: str

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" in cls.__dict__:
            package = cls.__module__.partition(".")[0]
            known = _declared.setdefault((package, cls.code), cls)
            if known.__qualname__ != cls.__qualname__ or not (cls.title and cls.remedy):
                raise TypeError(
                    f"{cls.code} is declared by {known.__qualname__}, or lacks a title or a remedy"
                )

    def __init__(
        self,
        detail: str,
        pointer: str | None = None,
        *,
        errors: tuple[FieldError, ...] = (),
        extra: dict[str, object] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        """``pointer`` is where in the body the fault lies, ``errors`` are several such places."""
        super().__init__(detail)
        self.detail = detail
        self.errors = errors if pointer is None else (FieldError(pointer, detail),)
        self.extra = extra or {}
        self.retry_after_s = retry_after_s


_declared: dict[tuple[str, str], type[Refusal]] = {}


def declared_in(*packages: str) -> Iterator[type[Refusal]]:
    """The refusals that the imported modules of some packages declare; later packages come later."""
    for package in packages:
        yield from (kind for (home, _), kind in _declared.items() if home == package)


class Invalid(Refusal):
    """A value that cannot be accepted as written (422)."""

    code = "invalid-request"
    title = "Request is not valid"
    status = 422
    remedy = "Correct each fault that errors[] points to."

    def __init__(self, detail: str, pointer: str = "") -> None:
        super().__init__(detail, pointer)


class NotFound(Refusal):
    """The id is not in this ledger (404); raised with the id.

    ::

        class CustomerNotFound(NotFound):
            code = "customer-not-found"
            title = "Customer not found"
            remedy = "Take the id from GET /v1/customers."
    """

    status = 404

    def __init__(self, identifier: str) -> None:
        kind = self.code.removesuffix("-not-found").replace("-", " ")
        super().__init__(f"There is no {kind} {identifier} in this ledger.")
