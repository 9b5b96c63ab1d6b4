"""A request for every POST route of a dispute, each with the dispute that it presupposes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.e2e.world import World, eur


def _on_dispute(act: str, body: dict[str, Any]) -> Callable[[World], tuple[str, Any]]:
    def request(world: World) -> tuple[str, Any]:
        invoice = world.invoice(world.customer())["id"]
        claim = {"category": "price", "text": "Too dear", "amount": eur("10.00")}
        dispute = world.post("invoice", f"/v1/invoices/{invoice}/disputes", claim)["id"]
        return f"/v1/disputes/{dispute}/{act}", body

    return request


DISPUTE_EXAMPLES = {
    "/v1/disputes/{dispute_id}/assign": _on_dispute("assign", {"owner": "Claire", "answer_by": "2035-01-31"}),
    "/v1/disputes/{dispute_id}/comments": _on_dispute(
        "comments", {"text": "Seen", "evidence": [{"sha256": "0" * 64}]}
    ),
    "/v1/disputes/{dispute_id}/raise": _on_dispute("raise", {"amount": eur("5.00"), "text": "One more"}),
    "/v1/disputes/{dispute_id}/resolve": _on_dispute("resolve", {"outcome": "rejected"}),
}
