"""Good and bad requests, generated from each service's own API document, against all of Encours.

No answer is a 5xx, and none has a status, a content type or a shape that the document does not name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, CheckContext, Response
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from encours.testing.system import System
from encours.testing.waiting import HANG_S
from tests.e2e.world import World, eur

SERVICES = ("invoice", "dunning", "risk", "reporting")


def no_crash(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """No 5xx but the one that says when to come back: a `min_position` that nothing has reached yet."""
    patient = response.status_code == 503 and "retry-after" in response.headers
    assert response.status_code < 500 or patient, f"{case.method} {case.path}: {response.status_code}"


CHECKS = [no_crash, status_code_conformance, content_type_conformance, response_schema_conformance]
schemathesis.serializer.alias("message/rfc822", "application/octet-stream")
ENDLESS = {"/v1/dashboard/stream", "/v1/events/stream"}
"""Answers without an end: server-sent events have tests of their own."""
EXAMPLES = 40 if os.environ.get("DEEP") else 2
LIMIT_S = HANG_S
"""Of one request; schemathesis gives up after 10 s, which a busy machine may take to bring a process to its turn."""


@pytest.fixture(scope="module")
def known(system: System) -> tuple[World, dict[str, str]]:
    """A ledger with one of each thing, so that generated paths reach further than a 404.

    Valid requests ask for a position that is reached: others wait for two seconds and are refused before their route.
    """
    world = World.make(system)
    customer = world.customer()
    invoice = world.invoice(customer)
    dispute = world.post(
        "invoice",
        f"/v1/invoices/{invoice['id']}/disputes",
        {"category": "price", "text": "Too dear", "amount": eur("1.00")},
    )
    payment = world.payment(customer, "50.00", invoice["issued_on"])
    limit = world.post(
        "risk",
        "/v1/limit-requests",
        {
            "customer_id": customer,
            "amount": eur("5000.00"),
            "max_days_past_due": 30,
            "evidence": "Accounts 2025",
        },
    )
    decision = world.post("risk", "/v1/checks", {"customer_id": customer, "amount": eur("10.00")})
    return world, {
        "entity_id": world.entity,
        "customer_id": customer,
        "invoice_id": invoice["id"],
        "dispute_id": dispute["id"],
        "payment_id": payment["id"],
        "limit_id": limit["id"],
        "decision_id": decision["decision_id"],
        "code": "FAC",
        "name": world.ledger,
    }


def operations(system: System, service: str) -> Iterator[Any]:
    """Every operation of a service's document."""
    schema = schemathesis.openapi.from_url(f"{system.url(service)}/openapi.json", timeout=LIMIT_S)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        if operation.path not in ENDLESS:
            yield operation


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
@pytest.mark.parametrize("service", SERVICES)
def test_no_request_makes_a_service_fail_or_answer_what_it_does_not_document(
    system: System, known: tuple[World, dict[str, str]], service: str, mode: GenerationMode
) -> None:
    world, identifiers = known
    reached = {"min_position": str(world.position)}
    headers = {"Authorization": f"Bearer {system.key}", "Encours-Ledger": world.ledger}
    checked = 0
    for operation in operations(system, service):

        @seed(20261122)
        @given(case=operation.as_strategy(mode))
        @hypothesis_settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=False,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def check(case: Case[Any]) -> None:
            if mode is GenerationMode.POSITIVE:
                case.path_parameters |= {n: v for n, v in identifiers.items() if n in case.path_parameters}
                case.query |= {n: v for n, v in reached.items() if n in case.query}
            case.call_and_validate(
                base_url=system.url(service), headers=headers, checks=CHECKS, timeout=LIMIT_S
            )

        try:
            check()
        except Unsatisfiable:
            continue  # it takes nothing that could be wrong
        checked += 1
    assert checked
