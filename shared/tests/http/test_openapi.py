"""The API document says all that the shared layers do, and the page that shows it needs no network."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from encours.http.app import create_app
from encours.service.settings import ServiceSettings
from shared.tests.http import customers_app


@pytest.fixture
def document(settings: ServiceSettings) -> dict[str, Any]:
    return create_app("t", "T", [customers_app.router], settings).openapi()


def operation(document: dict[str, Any], path: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][path][method]
    return found


def test_a_write_documents_its_headers_scope_and_refusals(document: dict[str, Any]) -> None:
    found = operation(document, "/v1/customers", "post")
    assert {p["name"] for p in found["parameters"]} == {
        "Encours-Ledger", "Idempotency-Key", "If-Match", "Encours-Reason", "traceparent", "dry_run",
    }  # fmt: skip
    assert found["security"] == [{"ApiKey": ["invoices:write"]}]
    assert set(found["responses"]) == {
        "200", "201", "400", "401", "403", "404", "408", "409", "412", "413", "415", "422", "429", "503",
    }  # fmt: skip
    assert {"Encours-Position", "Idempotency-Replayed", "ETag", "Request-Id"} <= set(
        found["responses"]["201"]["headers"]
    )


def test_a_read_documents_its_two_dates_and_paging(document: dict[str, Any]) -> None:
    found = operation(document, "/v1/customers", "get")
    names = {p["name"] for p in found["parameters"]}
    assert names == {
        "entity_id", "Encours-Ledger", "If-None-Match", "min_position", "fresh", "as_of", "known_at", "limit", "cursor",
        "sort",
    }  # fmt: skip
    assert "Encours-Lag" in found["responses"]["200"]["headers"]
    (sort,) = (p for p in found["parameters"] if p["name"] == "sort")
    assert sort["schema"] == {"type": "string", "enum": ["name", "-name"], "default": "name"}


def test_items_of_a_batch_are_described_though_they_are_read_later(document: dict[str, Any]) -> None:
    items = document["components"]["schemas"]["CustomerBatch"]["properties"]["items"]
    assert set(items["items"]["properties"]) == {"entity_id", "name", "limit", "deposit", "since"}
    assert (items["minItems"], items["maxItems"]) == (1, 1000)


def test_every_reference_leads_somewhere_and_every_operation_has_a_name(document: dict[str, Any]) -> None:
    for reference in set(re.findall(r"'\$ref': '#/([^']+)'", str(document))):
        place: Any = document
        for part in reference.split("/"):
            place = place[part]
    names = [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][A-Za-z]+", name) for name in names)
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_the_page_and_the_document_need_no_network(app: FastAPI, api: httpx.AsyncClient) -> None:
    page = await api.get("/docs")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"https?://", page.text)
    assert (await api.get("/openapi.json")).json() == app.openapi()
