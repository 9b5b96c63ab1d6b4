"""Routes of webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Path
from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import Id
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.http.services import Services
from encours.reading.pages import Page
from reporting_svc.http.webhooks.answers import (
    WebhookBacklogOut,
    WebhookDeliveryListing,
    WebhookDeliveryOut,
    WebhookList,
    WebhookOut,
    WebhookWithSecretOut,
)
from reporting_svc.http.webhooks.bodies import ReplayBody, SecretBody, WebhookBody
from reporting_svc.webhooks.caller import ReceiverCaller
from reporting_svc.webhooks.dispatch import SCOPE
from reporting_svc.webhooks.kept import KeptAnswer
from reporting_svc.webhooks.requests import WebhookNotFound, Webhooks, require_sight
from reporting_svc.webhooks.settings import allowed_addresses
from reporting_svc.webhooks.store import DeliveryState, Webhook, WebhookStore

router = Router(tags=["Webhooks"])
Reading = Annotated[Query, reading(SCOPE, time_travel=False)]
Writing = Annotated[Command, command("webhooks:write", dry_run=False)]
WebhookPath = Annotated[str, Path(alias="id"), Id("whk")]
PAGE = paging("position", default="-position", key="position")
State = Annotated[DeliveryState | None, Parameter(description="Only deliveries in this state.")]


@router.post("/v1/webhooks", response_model=WebhookWithSecretOut, status_code=201)
async def create_webhook(body: WebhookBody, cmd: Writing) -> Response:
    """Have the events of the ledger sent to an address, from the next one on.

    Each is a CloudEvent with its movements in the books, signed as Standard Webhooks prescribe, sent at least once and
    in order per object, for three days. The secret is in this answer alone. Needs `audit:read` besides.
    """
    cmd.caller.require(SCOPE)
    for entity in body.entity_ids or ():
        cmd.caller.require_entity(entity)
    wanted = body.to_command(cmd.caller.entities)
    with cmd.in_flight():
        made = await (await _webhooks(cmd.services)).make(cmd.meta, wanted, cmd.caller.grant.id, _shown)
    return _answer(made, 201)


@router.get("/v1/webhooks", response_model=WebhookList)
async def list_webhooks(q: Reading) -> Response:
    """List the webhooks of the ledger with their backlog. A key sees those that send no more than it may read."""
    store = await _store(q.services)
    found = await store.of_ledger(q.caller.ledger, q.caller.entities)
    backlogs = await store.backlogs([each.id for each in found])
    return q.respond(WebhookList(data=[WebhookBacklogOut.shown(each, backlogs[each.id]) for each in found]))


@router.get("/v1/webhooks/{id}", response_model=WebhookBacklogOut)
async def get_webhook(webhook_id: WebhookPath, q: Reading) -> Response:
    """Get a webhook with its backlog."""
    found = await _found(q, webhook_id)
    backlogs = await (await _store(q.services)).backlogs([found.id])
    return q.respond(WebhookBacklogOut.shown(found, backlogs[found.id]))


@router.get("/v1/webhooks/{id}/deliveries", response_model=WebhookDeliveryListing)
async def list_deliveries(
    webhook_id: WebhookPath, q: Reading, page: Annotated[Page, PAGE], state: State = None
) -> Response:
    """List the deliveries of a webhook. Those that arrived are listed for 30 days."""
    found = await _found(q, webhook_id)
    rows = await (await _store(q.services)).deliveries(found.id, page, state)
    return q.respond(page.body(rows, WebhookDeliveryOut.of))


@router.post("/v1/webhooks/{id}/replay", response_model=WebhookOut)
async def replay_webhook(webhook_id: WebhookPath, body: ReplayBody, cmd: Writing) -> Response:
    """Send the events after a position again, or the dead letters. A webhook that was disabled is active again."""
    with cmd.in_flight():
        done = await (await _webhooks(cmd.services)).replay(cmd.meta, webhook_id, body.to_command(), _shown)
    return _answer(done)


@router.post("/v1/webhooks/{id}/secret", response_model=WebhookWithSecretOut)
async def rotate_secret(webhook_id: WebhookPath, body: SecretBody, cmd: Writing) -> Response:
    """Give the webhook a new secret, which is in this answer alone. The one before signs too while they overlap."""
    with cmd.in_flight():
        done = await (await _webhooks(cmd.services)).rotate(cmd.meta, webhook_id, body.to_overlap(), _shown)
    return _answer(done)


@router.delete("/v1/webhooks/{id}", response_model=WebhookOut)
async def delete_webhook(webhook_id: WebhookPath, cmd: Writing) -> Response:
    """Delete a webhook with its deliveries. Nothing is sent to it from then on."""
    with cmd.in_flight():
        done = await (await _webhooks(cmd.services)).delete(cmd.meta, webhook_id, _shown)
    return _answer(done)


@asynccontextmanager
async def open_webhooks(services: Services) -> AsyncIterator[Mapping[str, Any]]:
    """Open the tables of webhooks in the pool of the read models, as ``Services.extras``."""
    store = WebhookStore(services.db.pool)

    async def measure() -> None:
        await store.prepare()
        found = await store.backlog_of_ledgers()
        # A ledger whose last webhook was deleted has no backlog any more.
        services.metrics.webhooks_pending.clear()
        services.metrics.webhooks_dead.clear()
        for ledger, pending, dead in found:
            services.metrics.webhooks_pending.labels(ledger).set(pending)
            services.metrics.webhooks_dead.labels(ledger).set(dead)

    services.measures.append(measure)
    caller = ReceiverCaller(allowed_addresses(services.settings))
    yield {"webhook_store": store, "webhooks": Webhooks(services.ledger, store, caller)}


async def _store(services: Services) -> WebhookStore:
    store: WebhookStore = services.extras["webhook_store"]
    await store.prepare()
    return store


async def _webhooks(services: Services) -> Webhooks:
    await _store(services)
    found: Webhooks = services.extras["webhooks"]
    return found


async def _found(q: Query, webhook_id: str) -> Webhook:
    found = await (await _store(q.services)).get(q.caller.ledger, webhook_id)
    if found is None:
        raise WebhookNotFound(webhook_id)
    require_sight(found, q.caller.entities)
    return found


def _shown(webhook: Webhook, secret: str | None) -> bytes:
    plain = WebhookOut.of(webhook)
    shown = plain if secret is None else WebhookWithSecretOut(**plain.model_dump(), secret=secret)
    return shown.model_dump_json().encode()


def _answer(kept: KeptAnswer, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    if kept.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(kept.content, status_code=status, media_type="application/json", headers=headers)
