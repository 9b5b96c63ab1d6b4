"""A request for every POST route of cheques, bills and notes, each with the instrument that it presupposes."""

from __future__ import annotations

from typing import Any

from tests.e2e.post_dunning import Make, Request
from tests.e2e.world import World


def instrument_body(world: World) -> dict[str, Any]:
    """Return a bill of exchange for all of a new invoice."""
    invoice = world.invoice(world.customer())
    meant = [{"invoice_id": invoice["id"], "amount": invoice["outstanding"]}]
    body = {"customer_id": invoice["customer_id"], "kind": "bill_of_exchange", "number": "LCR-1"}
    return body | {"amount": invoice["outstanding"], "matures_on": "2029-03-30", "invoices": meant}


def _on_bill(act: str, body: dict[str, Any]) -> Make:
    def request(world: World) -> Request:
        bill = world.post("invoice", "/v1/instruments", instrument_body(world))["id"]
        return f"/v1/instruments/{bill}/{act}", body

    return request


INSTRUMENTS: dict[str, Make] = {
    "/v1/instruments": lambda w: ("/v1/instruments", instrument_body(w)),
    "/v1/instruments/{instrument_id}/accept": _on_bill("accept", {}),
    "/v1/instruments/{instrument_id}/refuse": _on_bill("refuse", {"reason": "Goods not received"}),
    "/v1/instruments/{instrument_id}/extend": _on_bill(
        "extend", {"matures_on": "2029-04-30", "reason": "One month more"}
    ),
    "/v1/instruments/{instrument_id}/remit": _on_bill("remit", {"reference": "BR-7"}),
    "/v1/instruments/{instrument_id}/clear": _on_bill("clear", {}),
    "/v1/instruments/{instrument_id}/return": _on_bill("return", {"reason": "No funds", "code": "AM04"}),
    "/v1/instruments/{instrument_id}/cancel": _on_bill("cancel", {"reason": "Paid by transfer"}),
}
