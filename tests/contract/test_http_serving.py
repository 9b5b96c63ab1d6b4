"""How an API process serves: health, uploads, the word to the relay, its end, and what schemathesis makes of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from encours.embedded.process import free_port
from encours.testing.http import client_of, grant
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S
from shared.tests.http.served import NEW, app_of, until
from tests.contract.test_schemathesis import LIMIT_S, no_crash

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def api(module_installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_of(module_installation), await grant(module_installation)) as client:
        yield client


async def test_health_tells_ready_from_late_and_metrics_count(module_installation: Installation) -> None:
    app = app_of(module_installation)
    async with client_of(app, await grant(module_installation)) as api:
        assert (await until(api, "ready")).status_code == 200
        module_installation.nats.stop()
        assert (await until(api, "late")).status_code == 200
        assert (await api.post("/v1/customers", json=NEW)).status_code == 201
        assert (await api.head("/v1/customers/cus_" + "0" * 32)).status_code == 404
        app.state.services.draining.set()
        draining = await api.get("/readyz")
        assert (draining.status_code, draining.json()["status"]) == (503, "unready")
        counted = (await api.get("/metrics")).text
        labels = 'method="POST",route="/v1/customers",service="web-test",status="201"'
        assert f"encours_http_request_seconds_count{{{labels}}} 1.0" in counted
        assert 'method="HEAD",route="/v1/customers/{id}"' in counted
        assert "encours_nats_connected 0.0" in counted
    module_installation.nats.start()


async def test_a_file_streams_beyond_the_bound_of_bodies_but_not_its_own(
    module_installation: Installation,
) -> None:
    async def rows(count: int, pause_s: float = 0.0) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"x" * 999 + b"\r\n"
            await asyncio.sleep(pause_s)

    key = await grant(module_installation)
    bounds = {"body_max_bytes": 2_000, "upload_max_bytes": 50_050}
    async with client_of(app_of(module_installation, **bounds), key) as api:
        assert (await api.post("/v1/customer-files", content=rows(50))).json() == {"lines": 50}
        too_much = await api.post("/v1/customer-files", content=rows(51))
        assert too_much.json()["type"] == "/problems/body-too-large"
    async with client_of(app_of(module_installation, upload_idle_s=0.1), key) as api:
        stalled = await api.post("/v1/customer-files", content=rows(2, 3.0))
        assert (stalled.status_code, stalled.json()["type"]) == (408, "/problems/request-timeout")


async def test_a_write_wakes_the_relay(api: httpx.AsyncClient, module_installation: Installation) -> None:
    listener = await nats.connect(module_installation.nats_url())
    pokes = await listener.subscribe("encours.poke.*")
    await listener.flush()
    await until(api, "ready")
    await api.post("/v1/customers", json=NEW)
    assert (await pokes.next_msg(timeout=HANG_S)).subject == "encours.poke.demo"
    await listener.close()


SERVE = """
from encours.http.app import create_app
from encours.http.serving.server import serve
from encours.service.settings import ServiceSettings
from shared.tests.http import customers_app
settings = ServiceSettings.from_environment(request_timeout_s=4.0, drain_delay_s=2.0)
serve(create_app("web-test", "Customers", [customers_app.router], settings), settings)
"""


async def test_a_signal_drains_and_logs_are_json_without_secrets(module_installation: Installation) -> None:
    key, port = await grant(module_installation), free_port()
    environment = os.environ | module_installation.environment("invoice", port=port)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, env=environment, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    headers = {"Authorization": f"Bearer {key.token}", "Request-Id": "the-slow-one"}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as api:
            await answering(api)
            slow = asyncio.create_task(api.post("/v1/slow"))
            while "encours_http_in_flight 1.0" not in (await api.get("/metrics")).text:
                assert not slow.done()
            process.send_signal(signal.SIGTERM)
            assert (await until(api, "unready")).status_code == 503
            assert (await slow).json()["type"] == "/problems/took-too-long"
        output, _ = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0
    assert key.token.encode() not in output
    logged = [json.loads(line) for line in output.splitlines()]
    (line,) = (entry for entry in logged if entry.get("request_id") == "the-slow-one")
    assert (line["route"], line["status"], line["ledger"], line["actor"]) == (
        "/v1/slow",
        503,
        "demo",
        f"key:{key.id}",
    )
    assert line["traceparent"].startswith("00-")


async def answering(api: httpx.AsyncClient) -> None:
    async with asyncio.timeout(HANG_S):
        while True:
            with contextlib.suppress(httpx.ConnectError):
                await api.get("/livez")
                return
            await asyncio.sleep(0.05)


VARIED = {
    ("post", "/v1/customers"),
    ("post", "/v1/customers:batch"),
    ("post", "/v1/customers/{id}/notes"),
    ("get", "/v1/customers/{id}"),
    ("get", "/v1/read-models"),
}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_schemathesis_finds_no_crash_and_no_undocumented_answer(
    module_installation: Installation, mode: GenerationMode
) -> None:
    key = asyncio.run(grant(module_installation))
    app = app_of(module_installation)
    headers = {"Authorization": f"Bearer {key.token}"}
    checks = [
        no_crash,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    with serving(app) as url:
        schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()
            if (operation.method, operation.path) not in VARIED:
                continue

            @given(case=operation.as_strategy(mode))
            @hypothesis_settings(
                max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck)
            )
            def check(case: Case[Any]) -> None:
                case.call_and_validate(base_url=url, headers=headers, checks=checks, timeout=LIMIT_S)

            check()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The app on a free port, served from a thread."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                thread.join(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
