"""The clock of a sandbox over HTTP: whose it is, how far it goes by mistake, and how it is stopped."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from encours.testing.forks import run_fork
from encours.testing.http import client_of, grant, settings_of
from encours.testing.servers import Installation
from invoice_svc.app import create_app
from invoice_svc.clock.jobs import JobStore


def app(installation: Installation) -> Any:
    return create_app(settings_of(installation, "invoice"))


async def entity(api: httpx.AsyncClient, name: str) -> str:
    answer = await api.post("/v1/entities", json={"name": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def build(installation: Installation) -> None:
    environment = os.environ | installation.environment("invoice")
    done = await asyncio.to_thread(run_fork, "invoice_svc", "rebuild", env=environment)
    done.check_returncode()


async def test_a_target_far_ahead_is_confirmed_and_an_advance_can_be_stopped(
    installation: Installation,
) -> None:
    key = await grant(installation, ledger="sand", kind="sandbox")
    path, far = "/v1/ledgers/sand/clock", {"to": "2126-01-01"}
    today = datetime.now(UTC).date()
    async with client_of(app(installation), key) as api:
        for body in (far, far | {"confirm": "2126-01-02"}):
            refused = await api.post(path, json=body)
            assert (refused.status_code, refused.json()["type"]) == (422, "/problems/far-target")
            assert '"confirm": "2126-01-01"' in refused.json()["detail"]
        assert (await api.get(path)).json()["state"] == "idle"
        near = await api.post(path, json={"to": (today + timedelta(days=400)).isoformat()})
        assert near.status_code == 202
        assert (await api.post(path, json=far | {"confirm": "2126-01-01"})).status_code == 202
        assert (await api.get(path)).json()["state"] == "advancing"
        stopped = await api.post(f"{path}/stop")
        assert (stopped.status_code, stopped.json()["state"]) == (202, "idle")
        jobs = JobStore(api_pool(api))
        await jobs.advance_to("sand", date(2126, 1, 1))
        await jobs.note("sand", "advancing", day=date(2027, 3, 1))
        assert (await api.post(f"{path}/stop")).json()["target"] == "2027-03-01"
        assert await jobs.finish("sand", date(2027, 3, 1))
        live = await api.post("/v1/ledgers/main/clock/stop", headers={"Encours-Ledger": "sand"})
        assert live.status_code in (404, 409)


def api_pool(api: httpx.AsyncClient) -> Any:
    return api._transport.app.state.services.db.pool  # type: ignore[attr-defined]


async def test_a_key_of_one_entity_moves_only_the_clock_of_its_own_ledger(installation: Installation) -> None:
    every = await grant(installation, ledger="both", kind="sandbox")
    await grant(installation, ledger="alone", kind="sandbox")
    await grant(installation, ledger="empty", kind="sandbox")
    target = {"to": datetime.now(ZoneInfo("Europe/Paris")).date().isoformat()}
    async with client_of(app(installation), every) as api:
        ours, _ = await entity(api, "Ours"), await entity(api, "Theirs")
        api.headers["Encours-Ledger"] = "alone"
        alone = await entity(api, "Alone")
        await build(installation)
        limited = await grant(installation, ["clock:write", "invoices:read"], [ours, alone], ledger="both")
        for ledger, status in (("both", 403), ("alone", 202), ("empty", 403)):
            headers = {"Authorization": f"Bearer {limited.token}", "Encours-Ledger": "both"}
            for end in ("", "/stop"):
                answer = await api.post(
                    f"/v1/ledgers/{ledger}/clock{end}", json=target if not end else {}, headers=headers
                )
                assert answer.status_code == status, (ledger, answer.text)
                if status == 403:
                    assert answer.json()["type"] == "/problems/clock-not-granted"
                    assert "ent_" not in answer.text
