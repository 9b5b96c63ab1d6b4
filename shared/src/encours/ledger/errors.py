"""What the ledger refuses, each as a problem that an API can answer with."""

from __future__ import annotations

from encours.kernel.errors import DomainError


class VersionConflict(DomainError):
    """Another writer moved a stream in between: read it again and decide again."""

    def __init__(self, detail: str) -> None:
        super().__init__("stream-moved", f"Someone else changed it at the same time: {detail}.", status=409)


class CommandReused(DomainError):
    """The command id was used for another command."""

    def __init__(self) -> None:
        super().__init__(
            "idempotency-key-reused",
            "This Idempotency-Key was used for another request: "
            "use a new key, or repeat the first request unchanged.",
            status=422,
        )


class IssueDateBeforeLast(DomainError):
    """A number series is dated in the order of its numbers; this date would go back."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            "issue-date-before-last",
            f"Numbers of a series are dated in their order: {detail}. Issue with that date or a later one.",
            status=409,
        )


class NumberTaken(DomainError):
    """Another document of the entity has this legal number."""

    def __init__(self, number: str) -> None:
        super().__init__(
            "number-taken",
            f"Another document of this entity has the number {number}: give the series another prefix, or check "
            "whether it was taken over already.",
            status=409,
        )


class LedgerUnavailable(DomainError):
    """The ledger did not answer. Whether the command took effect is unknown until it is repeated under the
    same id.
    """

    def __init__(self, detail: str, *, retry_after_s: int = 1) -> None:
        super().__init__("ledger-unavailable", detail, status=503, retry_after_s=retry_after_s)


class EntityNotGranted(DomainError):
    """Who asks may not act for the legal entity."""

    def __init__(self, entity: str) -> None:
        super().__init__(
            "entity-not-granted",
            f"This API key does not cover the entity {entity}.",
            title="The API key does not cover this entity",
            status=403,
            extra={"entity": entity},
        )


class UnknownLedger(DomainError):
    """No ledger of that name."""

    def __init__(self, name: str) -> None:
        super().__init__("ledger-not-found", f"There is no ledger {name}.", status=404)


class FamilyRefused(DomainError):
    """This role may not append this family of types."""

    def __init__(self, detail: str) -> None:
        super().__init__("type-family-refused", f"The database refused the append: {detail}.", status=403)


class AppendRefused(DomainError):
    """The database refused an append as malformed; a fault in the program that sent it."""

    def __init__(self, detail: str) -> None:
        super().__init__("append-refused", f"The database refused the append: {detail}.", status=500)
