"""The typed client, generated from the API document, talks to a service that runs."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest

from encours.embedded.secrets import SERVICES
from encours.testing.system import System
from tests.client import PACKAGE, make

GENERATED = SERVICES if os.environ.get("DEEP") else ("reporting",)
"""Clients to generate: all four take ten seconds."""


def test_the_typed_client_makes_reads_and_deletes_a_webhook(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in GENERATED:
        assert make(service, tmp_path) == []
    monkeypatch.syspath_prepend(str(tmp_path))
    client_class = import_module(f"{PACKAGE}.reporting").AuthenticatedClient
    models = import_module(f"{PACKAGE}.reporting.models")
    create, get, delete = (
        import_module(f"{PACKAGE}.reporting.api.webhooks.{name}_webhook")
        for name in ("create", "get", "delete")
    )
    ledger = f"client-{uuid4().hex[:10]}"
    system.create_ledger(ledger, "live")
    with client_class(base_url=system.url("reporting"), token=system.key) as client:
        body = models.WebhookBody(url="http://127.0.0.1:9/hook", types=["quote.*"])
        made = create.sync(client=client, body=body, encours_ledger=ledger)
        assert isinstance(made, models.WebhookWithSecretOut)
        assert made.secret.startswith("whsec_")
        shown = get.sync(made.id, client=client, encours_ledger=ledger)
        assert (shown.types, shown.pending, shown.created_at) == (["quote.*"], 0, made.created_at)
        assert delete.sync(made.id, client=client, encours_ledger=ledger).id == made.id
        refused = get.sync(made.id, client=client, encours_ledger=ledger)
        assert (refused.status, refused.type_) == (404, "/problems/webhook-not-found")
