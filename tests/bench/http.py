"""What the HTTP edge of invoice-svc costs, against FastAPI doing nothing but validating the same body.

One API process, one PostgreSQL, 32 connections, API and load generator on the machine's own cores; no worker runs,
since it would share them. Both servers answer the same load generator in the same run.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
import httpx

from encours.embedded.process import free_port
from encours.http.access.keys import new_key
from encours.testing.servers import Installation, fresh_installation, running_cluster
from tests.bench import Entry, entry
from tests.bench.raw import Connection, request

CONNECTIONS = 32
SLICES = 5
SLICE_S = 1.0
SETTLE_S = 0.2
BATCH_ITEMS = 1_000
BATCHES = 12
BATCHES_AT_ONCE = 2
VALIDATING = "FastAPI POST validating the same body"
LEAST_RATIO = 0.25
LEAST_BATCHED_PER_S = 4_000
QUIET = {
    "ENCOURS_LOG_LEVEL": "warning",
    "ENCOURS_RATE_PER_MINUTE": "6000000",
    "ENCOURS_RATE_BURST": "1000000",
}


async def run() -> list[Entry]:
    """The entries of this bench."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with running_cluster() as cluster, fresh_installation(cluster) as installation:
        pairs, batch = asyncio.run(_measure(installation))
    single, reference = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    return [
        entry(
            "http: POST that issues an invoice", single, "requests/s", reference=VALIDATING,
            reference_value=reference, ratio=ratio, target=f">= {LEAST_RATIO} x", met=ratio >= LEAST_RATIO,
        ),
        entry(
            "http: invoices issued through :batch", batch, "invoices/s", reference="floor",
            reference_value=LEAST_BATCHED_PER_S, target=f">= {LEAST_BATCHED_PER_S}/s", met=batch >= LEAST_BATCHED_PER_S,
        ),
    ]  # fmt: skip


async def _measure(installation: Installation) -> tuple[list[tuple[float, float]], float]:
    """Pairs of neighbouring slices (service, reference), so that a busy machine slows both; then batches."""
    async with api(installation) as (port, token, invoice), validating() as reference_port:
        body = invoice | {"issue": True}
        pairs = [
            (
                await measure(port, token, "/v1/invoices", body),
                await measure(reference_port, "", "/v1/invoices", body),
            )
            for _ in range(SLICES + 1)
        ]
        return pairs[1:], await measure_batches(port, token, invoice)


async def measure(port: int, token: str, path: str, body: dict[str, Any]) -> float:
    """Requests a second over 32 connections, each sending the next request when the last is answered."""
    raw = request("POST", path, token, json.dumps(body).encode())
    counts = [0]
    measuring, over = asyncio.Event(), asyncio.Event()

    async def connection() -> None:
        http = await Connection.open(port)
        while not over.is_set():
            status = (await http.send(raw)).status
            assert status == 201, status
            counts[0] += measuring.is_set()
        http.close()

    tasks = [asyncio.create_task(connection()) for _ in range(CONNECTIONS)]
    await asyncio.sleep(SETTLE_S)
    measuring.set()
    started = time.perf_counter()
    await asyncio.sleep(SLICE_S)
    measuring.clear()
    took = time.perf_counter() - started
    over.set()
    await asyncio.gather(*tasks)
    return counts[0] / took


async def measure_batches(port: int, token: str, invoice: dict[str, Any]) -> float:
    """Invoices a second, issued 1,000 to a request, two requests at a time."""
    body = json.dumps({"issue": True, "items": [invoice] * BATCH_ITEMS}).encode()
    raw = request("POST", "/v1/invoices:batch", token, body)

    async def connection(batches: int) -> None:
        http = await Connection.open(port)
        for _ in range(batches):
            assert (await http.send(raw)).status == 200
        http.close()

    await connection(1)
    started = time.perf_counter()
    await asyncio.gather(*(connection(BATCHES // BATCHES_AT_ONCE) for _ in range(BATCHES_AT_ONCE)))
    return BATCHES * BATCH_ITEMS / (time.perf_counter() - started)


@asynccontextmanager
async def api(installation: Installation) -> AsyncIterator[tuple[int, str, dict[str, Any]]]:
    """The service's API process; yields its port, a key, and the body of an invoice to be made."""
    key, port = new_key(), free_port()
    admin = await asyncpg.connect(installation.admin_url("ledger"))
    await admin.execute("select ledger.create_ledger('bench', 'live', 'Europe/Paris', null)")
    await admin.execute(
        "insert into ledger.api_key (id, sha256, label, scopes, entities, default_ledger) "
        "values ($1, $2, 'bench', '{*}', '{}', 'bench')",
        key.id, key.sha256,
    )  # fmt: skip
    await admin.close()
    environment = os.environ | installation.environment("invoice", port=port) | QUIET
    with _process([sys.executable, "-m", "invoice_svc", "api"], environment):
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key.token}"}
        ) as client:
            await _until_up(client)
            yield port, key.token, await _invoice(client)


@asynccontextmanager
async def validating() -> AsyncIterator[int]:
    """The reference's process; yields its port."""
    port = free_port()
    with _process([sys.executable, "-m", "tests.bench.validating_app", str(port)], dict(os.environ)):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await _until_up(client)
            yield port


async def _invoice(client: httpx.AsyncClient) -> dict[str, Any]:
    address = {"lines": ["1 rue de la Paix"], "postal_code": "75002", "city": "Paris"}
    seller = {
        "name": "Banc SAS",
        "legal_form": "SAS, capital 10 000 EUR, RCS Paris",
        "siren": "552100554",
        "vat_id": "FR96552100554",
        "address": address,
    }
    entity = (await client.post("/v1/entities", json=seller)).raise_for_status().json()["id"]
    buyer = {"entity_id": entity, "name": "Garage Dupont", "address": address}
    customer = (await client.post("/v1/customers", json=buyer)).raise_for_status().json()["id"]
    lines = [
        {"description": "Pneu hiver 205/55 R16", "quantity": "4", "unit_price": "89.90", "vat_rate": "20"},
        {"description": "Montage et équilibrage", "quantity": "4", "unit_price": "15.00", "vat_rate": "20"},
    ]
    return {
        "entity_id": entity,
        "customer_id": customer,
        "series": "FAC",
        "lines": lines,
        "reference": "PO-4711",
    }


async def _until_up(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                (await client.get("/livez")).raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.05)
            else:
                return


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    for measured in asyncio.run(run()):
        print(json.dumps(measured))
