"""Bodies of webhooks."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from encours.http.models import Body, Id, ShortText
from reporting_svc.webhooks.requests import MakeWebhook, ReplayEvents

_Position = Annotated[int, Field(ge=0, le=2**53, strict=True)]


class WebhookBody(Body):
    """A subscription to the events of the ledger."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] = Field(
        description="https:// and a host name of the public Internet, on port 443.",
        examples=["https://hooks.firm.example/encours"],
    )
    types: Annotated[list[ShortText], Field(max_length=40)] = Field(
        default=[],
        description="Event types, or families such as `invoice.*`; all if not given.",
        examples=[["invoice.*", "payment.received"]],
    )
    entity_ids: Annotated[list[Annotated[str, Id("ent")]], Field(min_length=1, max_length=100)] | None = (
        Field(
            default=None,
            description="Events of these entities alone; of all that the key may read if not given.",
        )
    )
    description: ShortText | None = None
    after: _Position | None = Field(
        default=None, description="Begin after this position; with the next event if not given."
    )

    def to_command(self, granted: tuple[str, ...] | None) -> MakeWebhook:
        """Return the command. A key that is limited makes webhooks that are limited, also if it gets more later."""
        entities = granted if self.entity_ids is None else tuple(sorted(set(self.entity_ids)))
        return MakeWebhook(self.url, tuple(self.types), entities, self.description, self.after)


class SecretBody(Body):
    """Overlap of two secrets."""

    overlap_hours: Annotated[int, Field(ge=0, le=168, strict=True)] = Field(
        default=24, description="Time for which the secret before signs too; 0 if it has leaked."
    )

    def to_overlap(self) -> timedelta:
        """Return the overlap."""
        return timedelta(hours=self.overlap_hours)


class ReplayBody(Body):
    """Events to send again: those after a position, or the dead letters."""

    after: _Position | None = Field(default=None, description="Send every event after this position again.")
    dead_letters: bool = Field(default=False, description="Send the events that were given up again.")
    before_restore: bool = Field(
        default=False,
        description="With `dead_letters`: also those of before the ledger was loaded or restored. Without it they are "
        "refused.",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> ReplayBody:
        if self.dead_letters == (self.after is not None):
            raise ValueError("Give either after or dead_letters.")
        if self.before_restore and not self.dead_letters:
            raise ValueError("Give before_restore with dead_letters alone.")
        return self

    def to_command(self) -> ReplayEvents:
        """Return the command."""
        return ReplayEvents(self.after, self.before_restore)
