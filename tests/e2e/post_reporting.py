"""Examples of the requests of reporting-svc."""

from __future__ import annotations

from typing import Any

from tests.e2e.post_dunning import Make
from tests.e2e.world import World


def _webhook_body() -> dict[str, Any]:
    """A webhook that gets no event: there is no receiver at the discard port."""
    return {"url": "http://127.0.0.1:9/hook", "types": ["bank_statement.*"]}


def _webhook(world: World) -> str:
    return f"/v1/webhooks/{world.post('reporting', '/v1/webhooks', _webhook_body())['id']}"


REPORTING: dict[str, Make] = {
    "/v1/figures": lambda w: (
        "/v1/figures",
        {"figure": "aged-balance", "title": "Closing", "entity_id": w.entity, "currency": "EUR"},
    ),
    "/v1/turnover-plans": lambda w: (
        "/v1/turnover-plans",
        {
            "entity_id": w.entity,
            "code": "budget-2026",
            "title": "Budget",
            "currency": "EUR",
            "by": "product",
            "targets": [{"month": "2026-01", "product": "tyre", "billed": "1200.00"}],
        },
    ),
    "/v1/exports": lambda w: ("/v1/exports", {"kind": "fec", "entity_id": w.entity, "year": 2026}),
    "/v1/reports": lambda w: (
        "/v1/reports",
        {"name": "Unpaid", "document": {"source": "open_items", "columns": ["number", "outstanding"]}},
    ),
    "/v1/schedules": lambda w: (
        "/v1/schedules",
        {
            "name": "FEC of last month",
            "rule": {"frequency": "monthly", "business_day": 3},
            "export": {"kind": "fec", "entity_id": w.entity, "period": "last_month"},
        },
    ),
    "/v1/webhooks": lambda w: ("/v1/webhooks", _webhook_body()),
    "/v1/webhooks/{id}/replay": lambda w: (f"{_webhook(w)}/replay", {"dead_letters": True}),
    "/v1/webhooks/{id}/secret": lambda w: (f"{_webhook(w)}/secret", {"overlap_hours": 1}),
}
