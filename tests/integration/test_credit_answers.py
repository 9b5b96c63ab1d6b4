"""Lists of risk-svc over HTTP on given events: reviews of those who share a limit, claims that were lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest_asyncio
from msgspec.structs import replace

from encours.contracts.events.insurance import CoverGranted, InsuranceContractSet, InsuranceTerms
from encours.contracts.events.parties.customer import CustomerRegistered, RolesAssigned
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.parties.insolvency import InsolvencyOpened
from encours.kernel.ids import derived_id
from encours.projection.rebuild import rebuild
from encours.testing.events import event, issued
from encours.testing.http import HttpScenario, http_scenario
from encours.testing.servers import Installation
from risk_svc.app import create_app
from risk_svc.domain.insurance.contract import contract_of
from risk_svc.read_models.credit.model import Credit

ENTITY = derived_id("ent", "lists")
OFFICE, SHOP, BANKRUPT = (derived_id("cus", name) for name in ("office", "shop", "bankrupt"))
FIRST, TODAY = date(2026, 1, 5), date(2026, 6, 30)
TERMS = InsuranceTerms(
    insured_share_bps=9_000, longest_extension_days=60, notice_days=60, hand_over_days=120, waiting_days=150,
    stop_days=60, insolvency_days=30,
)  # fmt: skip
CONTRACT = event(
    InsuranceContractSet,
    insurance_contract_id=contract_of("C26"),
    entity_id=ENTITY,
    code="C26",
    version=1,
    currency="EUR",
    valid_from=date(2026, 1, 1),
    conditions=TERMS,
)


def invoice(name: str, customer: str, minor: int, due_on: date) -> Any:
    made = issued(minor, invoice_id=derived_id("inv", name), customer_id=customer)
    return replace(made, number=name, issued_on=FIRST, due_on=due_on)


@pytest_asyncio.fixture
async def scenario(installation: Installation) -> AsyncIterator[HttpScenario]:
    async with http_scenario(installation, "risk", create_app) as made:
        customers = [
            event(CustomerRegistered, customer_id=each, entity_id=ENTITY) for each in (OFFICE, SHOP, BANKRUPT)
        ]
        await made.given(event(EntityRegistered, entity_id=ENTITY), *customers, entity=ENTITY, on=FIRST)
        roles = event(RolesAssigned, customer_id=SHOP, valid_from=FIRST, payer_id=OFFICE, group_id=None)
        cover = event(
            CoverGranted,
            cover_id=derived_id("cov", "bankrupt"),
            insurance_contract_id=CONTRACT.insurance_contract_id,
            contract_code="C26",
            customer_id=BANKRUPT,
            amount_minor=1_000_00,
            valid_from=FIRST,
        )
        documents = invoice("F1", SHOP, 120_00, FIRST), invoice("F2", BANKRUPT, 300_00, date(2026, 12, 31))
        await made.given(roles, CONTRACT, cover, *documents, entity=ENTITY, on=FIRST)
        opened = event(InsolvencyOpened, customer_id=BANKRUPT, opened_on=date(2026, 3, 1))
        await made.given(opened, entity=ENTITY, on=date(2026, 3, 1))
        await made.given(invoice("F3", SHOP, 1_00, TODAY), entity=ENTITY, on=TODAY)
        await rebuild(
            ledger_dsn=installation.ledger_url("risk"),
            store_dsn=installation.store_url("risk"),
            service="risk-svc",
            model=Credit(),
            ledger=made.name,
        )
        yield made


async def got(scenario: HttpScenario, path: str, **asked: Any) -> dict[str, Any]:
    answer = await scenario.http.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_payer_without_own_invoices_is_reviewed_for_those_it_pays_for(scenario: HttpScenario) -> None:
    listed = (await got(scenario, "/v1/reviews"))["data"]
    causes = {each["customer_id"]: [cause["kind"] for cause in each["causes"]] for each in listed}
    assert causes == {OFFICE: ["unrated"], BANKRUPT: ["unrated"]}
    for until in ("1e9", "86400", "9999-12-31"):
        assert (await scenario.http.get("/v1/reviews", params={"until": until})).status_code == 422, until


async def test_a_claim_lost_by_insolvency_is_listed_before_its_invoice_is_due(scenario: HttpScenario) -> None:
    path, period = "/v1/insurance-contracts/C26/lost-claims", {"from": "2026-03-01", "to": "2026-05-31"}
    found = await got(scenario, path, **period)
    assert [(each["kind"], each["last_day"]) for each in found["data"]] == [("hand_over", "2026-03-31")]
    assert found["insured"] == {"amount": "270.00", "currency": "EUR"}
    reversed_ = await scenario.http.get(path, params={"from": "2026-05-31", "to": "2026-03-01"})
    assert (reversed_.status_code, reversed_.json()["errors"][0]["pointer"]) == (422, "/from")
