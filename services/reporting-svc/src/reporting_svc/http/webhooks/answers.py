"""Answers about webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from encours.http.paging import Listing
from reporting_svc.webhooks.store import Backlog, DeliveryState, Webhook, WebhookState


class WebhookOut(BaseModel):
    """A webhook, without its secret."""

    id: str
    url: str
    description: str | None
    types: list[str] = Field(description="Types and families; none for all.")
    entity_ids: list[str] | None = Field(description="Null for all entities that the key may read.")
    state: WebhookState
    problem: str | None = Field(description="Why it is disabled; a replay makes it active again.")
    position: int = Field(description="Events up to it are queued, or are not wanted.")
    key: str = Field(description="The API key that made it, whose grant bounds what is sent.")
    created_at: datetime
    secret_before_until: datetime | None = Field(
        description="Until then deliveries are signed by the secret before, too."
    )

    @classmethod
    def of(cls, found: Webhook) -> WebhookOut:
        """Return a webhook as it is shown."""
        return cls(
            id=found.id,
            url=found.url,
            description=found.description,
            types=list(found.types),
            entity_ids=None if found.entities is None else list(found.entities),
            state=found.state,
            problem=found.problem,
            position=found.position,
            key=found.created_by,
            created_at=found.created_at,
            secret_before_until=found.secret_before_until,
        )


class WebhookWithSecretOut(WebhookOut):
    """A webhook with its new secret, which is shown in this answer alone."""

    secret: str | None = Field(
        description="Standard Webhooks secret. Null in a repetition of the request once the webhook has another one.",
        examples=["whsec_…"],
    )


class WebhookBacklogOut(WebhookOut):
    """A webhook with its backlog."""

    pending: int = Field(description="Deliveries that wait, for their turn or for another attempt.")
    dead: int = Field(description="Dead letters: deliveries that were given up after three days.")
    oldest_pending_at: datetime | None = Field(
        description="First attempt of the oldest delivery that waits for another."
    )

    @classmethod
    def shown(cls, found: Webhook, backlog: Backlog) -> WebhookBacklogOut:
        """Return a webhook with its backlog."""
        plain = WebhookOut.of(found).model_dump()
        return cls(**plain, pending=backlog.pending, dead=backlog.dead, oldest_pending_at=backlog.oldest_at)


class WebhookList(BaseModel):
    """Webhooks of the ledger that the key may see, oldest first."""

    data: list[WebhookBacklogOut]


class WebhookDeliveryOut(BaseModel):
    """One event for one webhook."""

    position: int
    event_id: str = Field(description="The header webhook-id of every attempt.")
    stream: str
    type: str
    state: DeliveryState
    tries: int
    first_at: datetime | None
    next_at: datetime | None = Field(
        description="Of a delivery that waits: the next attempt, at the earliest."
    )
    ended_at: datetime | None
    status: int | None = Field(description="HTTP status of the last answer; null if there was none.")
    detail: str | None = Field(description="Outcome of the last attempt.")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> WebhookDeliveryOut:
        """Return a row of the list."""
        plain = {name: row[name] for name in cls.model_fields if name not in {"event_id", "next_at"}}
        waits = row["state"] == "pending"
        return cls(**plain, event_id=f"evt_{row['event_id'].hex}", next_at=row["next_at"] if waits else None)


class WebhookDeliveryListing(Listing[WebhookDeliveryOut]):
    """Deliveries of a webhook, the latest events first."""
