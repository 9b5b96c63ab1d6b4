"""Refusals of the ledger."""

from __future__ import annotations

from encours.kernel.errors import DomainError, Refusal


class VersionConflict(Refusal):
    """Another command has written the stream since it was read: read and decide again."""

    code = "stream-moved"
    title = "Changed by someone else at the same time"
    remedy = "Read it again, then repeat the request."

    def __init__(self, detail: str) -> None:
        super().__init__(f"Someone else changed it at the same time: {detail}.")


class CommandReused(Refusal):
    """The command id was used for another command."""

    code = "idempotency-key-reused"
    title = "Idempotency-Key was used for another request"
    status = 422
    remedy = "Use a new key for a new request."

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for another request: use a new key, or repeat the first request unchanged."
        )


class IssueDateBeforeLast(Refusal):
    """A number series is dated in the order of its numbers; this date would go back."""

    code = "issue-date-before-last"
    title = "Date is earlier than the last one of the series"
    remedy = "Issue with the date of the last document of the series, or a later one."

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"Numbers of a series are dated in their order: {detail}. Issue with that date or a later one."
        )


class NumberTaken(Refusal):
    """Another document of the entity has this legal number."""

    code = "number-taken"
    title = "Number already in use"
    remedy = "Check whether the document was taken over already."

    def __init__(self, number: str) -> None:
        super().__init__(
            f"Another document of this entity has the number {number}: check whether it was taken over already."
        )


class LedgerUnavailable(Refusal):
    """The ledger did not answer. Whether the command took effect is unknown until it is repeated under the
    same id.
    """

    code = "ledger-unavailable"
    title = "Ledger unavailable"
    status = 503
    remedy = "Repeat the request with the same Idempotency-Key: the outcome of the first one is unknown."

    def __init__(self, detail: str, *, retry_after_s: int = 1) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)


class EntityNotGranted(Refusal):
    """The caller may not act for the legal entity. ``missing`` is raised instead for an object whose entity the caller
    did not name: to the caller it does not exist."""

    code = "entity-not-granted"
    title = "API key does not cover this entity"
    status = 403
    remedy = "Use a key that covers the entity."

    def __init__(self, entity: str, missing: DomainError | None = None) -> None:
        super().__init__(f"This API key does not cover the entity {entity}.", extra={"entity": entity})
        self.missing = missing

    @property
    def shown(self) -> DomainError:
        """The refusal that the caller gets."""
        return self.missing or self


class UnknownLedger(Refusal):
    """No ledger has the name."""

    code = "ledger-not-found"
    title = "Ledger not found"
    status = 404
    remedy = "Name an existing ledger in the Encours-Ledger header."

    def __init__(self, name: str | None) -> None:
        super().__init__(
            f"There is no ledger {name}."
            if name is not None
            else "Name a ledger in the Encours-Ledger header: lower-case letters, digits, - and _."
        )


class LedgerDropped(UnknownLedger):
    """The ledger was a sandbox, and was dropped while it was in use."""

    def __init__(self) -> None:
        Refusal.__init__(self, "This ledger was a sandbox and has been dropped.")


class EventUnreadable(Refusal):
    """The bytes of an event are not what its type says, so that its stream cannot be folded."""

    code = "event-unreadable"
    title = "Recorded event cannot be read"
    remedy = "An operator looks at the event and sets it aside: encours ledger set-aside."

    def __init__(self, stream: str, position: int, type_name: str, fault: str) -> None:
        super().__init__(
            f"{stream} has an event that cannot be read: {type_name} at position {position} ({fault}).",
            extra={"position": position},
        )
        self.fault = fault


class FamilyRefused(Refusal):
    """This role may not append this family of types."""

    code = "type-family-refused"
    title = "Service may not append this event"
    status = 403
    remedy = "Grant the event's family to the service's database role; see the runbooks."

    def __init__(self, detail: str) -> None:
        super().__init__(f"The database refused the append: {detail}.")


class AppendRefused(Refusal):
    """The database refused an append as malformed; a fault in the program that sent it."""

    code = "append-refused"
    title = "Ledger refused the append"
    status = 500
    remedy = "Report the request_id."

    def __init__(self, detail: str) -> None:
        super().__init__(f"The database refused the append: {detail}.")
