"""The caller of a request: an API key at work in one ledger, and what it may do there."""

from __future__ import annotations

from dataclasses import dataclass

from encours.http.access.keys import Grant
from encours.kernel.errors import DomainError, Refusal
from encours.ledger.errors import EntityNotGranted


class MissingScope(Refusal):
    """The key is good and does not allow this (403)."""

    code = "missing-scope"
    title = "API key lacks a scope"
    status = 403
    remedy = "Use a key with the scope that `required` names."

    def __init__(self, scope: str) -> None:
        super().__init__(f"This API key lacks the scope {scope}.", extra={"required": scope})


@dataclass(frozen=True, slots=True)
class Caller:
    """An API key at work in one ledger."""

    grant: Grant
    ledger: str

    @property
    def actor(self) -> str:
        """Name of the caller in events: ``key:<id>``."""
        return self.grant.actor

    @property
    def entities(self) -> tuple[str, ...] | None:
        """The entities to filter lists by; nothing if the key covers all."""
        return self.grant.limited_to

    def require(self, scope: str) -> None:
        """Raise :class:`MissingScope` unless the key holds the scope."""
        if not self.grant.allows(scope):
            raise MissingScope(scope)

    def require_entity(self, entity: str) -> None:
        """Raise :class:`EntityNotGranted` unless the key covers the entity, which the request names."""
        if not self.grant.covers(entity):
            raise EntityNotGranted(entity)

    def require_sight(self, entity: str, missing: DomainError) -> None:
        """Raise ``missing`` unless the key covers the entity that an object belongs to: for others it is not there."""
        if not self.grant.covers(entity):
            raise missing
