"""The typed client, generated from the API document, talks to a service that runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from encours.embedded.secrets import SERVICES
from encours.testing.system import System
from tests.client import make
from tests.e2e.typed import TypedReporting
from tests.e2e.world import World


@pytest.mark.skipif("DEEP" not in os.environ, reason="generates all four clients; DEEP=1 runs it")
def test_the_clients_of_all_services_are_generated(tmp_path: Path) -> None:
    assert [make(service, tmp_path) for service in SERVICES] == [[]] * len(SERVICES)


def test_the_typed_client_makes_reads_and_deletes_a_webhook(
    system: System, typed: Callable[[World], TypedReporting]
) -> None:
    world = World(system, f"client-{uuid4().hex[:10]}")
    system.create_ledger(world.ledger, "live")
    client = typed(world)
    body = client.models.WebhookBody(url="http://127.0.0.1:9/hook", types=["quote.*"])
    made = client.call("webhooks.create_webhook", body=body)
    assert isinstance(made, client.models.WebhookWithSecretOut)
    assert made.secret.startswith("whsec_")
    shown = client.call("webhooks.get_webhook", made.id)
    assert (shown.types, shown.pending, shown.created_at) == (["quote.*"], 0, made.created_at)
    assert client.call("webhooks.delete_webhook", made.id).id == made.id
    refused = client.call("webhooks.get_webhook", made.id)
    assert (refused.status, refused.type_) == (404, "/problems/webhook-not-found")
