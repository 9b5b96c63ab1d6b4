"""Decisions on credit of a period, taken again; and what they rest on, by its id at both dates."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace

from encours.contracts.common import Reason
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased, PayerBadgeGiven
from encours.contracts.events.credit_policy import CreditPolicySet, HoldRules
from encours.contracts.events.guarantee import GuaranteeReleased, GuaranteeTaken
from encours.contracts.events.insurance import (
    CoverGranted,
    CoverReduced,
    InsuranceContractSet,
    InsuranceDeadlineMet,
    InsuranceTerms,
    PremiumRule,
    TurnoverRule,
)
from encours.contracts.events.limit_formula import FinancialsFiled
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.reservation import ReservationDecided, ReservationReleased
from encours.contracts.events.risk import LimitApproved, LimitRequested
from encours.contracts.events.risk_terms import RiskTermsProposed, RiskTermsWithdrawn
from encours.contracts.events.score import ScoreGraded
from encours.contracts.insured.claims import deadline_id_of
from encours.kernel.ids import derived_id
from encours.testing.events import event
from encours.testing.http import http_scenario
from encours.testing.servers import Installation
from risk_svc.app import create_app
from risk_svc.domain.badge import badge_of
from risk_svc.domain.insurance.contract import contract_of
from risk_svc.domain.policy import policy_of
from risk_svc.domain.proposal.financials import financials_of
from risk_svc.domain.score.grading import grade_of
from risk_svc.domain.terms.proposals import terms_of
from tests.integration.test_credit_answers import BANKRUPT, ENTITY, FIRST, OFFICE, SHOP, TODAY, invoice
from tests.integration.test_credit_answers import ledger_of as lists_of


async def test_of_all_decisions_of_a_period_those_are_found_that_do_not_follow(
    module_installation: Installation,
) -> None:
    rules = event(
        CreditPolicySet, credit_policy_id=policy_of(ENTITY), entity_id=ENTITY, version=1,
        holds=HoldRules(days_past_due=5, badge_days_past_due=30),
    )  # fmt: skip
    day = TODAY + timedelta(days=1)
    days_late = (day - FIRST).days
    late = f"An invoice is open for {days_late} days past due."
    limit = {"customer_id": OFFICE, "amount_minor": 500_00, "max_days_past_due": 30}
    good, raised = (limit | {"limit_id": derived_id("lim", name)} for name in ("good", "raised"))

    def hold(name: str, customer: str, cause: str, text: str, **more: int) -> CreditHoldPlaced:
        hold_id = derived_id("chd", name)
        fields = {"credit_hold_id": hold_id, "customer_id": customer, "cause": cause, "text": text}
        return event(CreditHoldPlaced, **fields, policy_version=1, **more)

    # Of before the invoices: the figures of now hold for the cause, those that these decisions name do not.
    early: dict[str, Any] = {"seen_position": 4}
    made = (
        hold("late", SHOP, "days_past_due", late),
        hold("none", BANKRUPT, "insolvency", "In proceedings"),
        hold("early", SHOP, "days_past_due", late, **early),
    )
    ended = event(
        CreditHoldReleased, credit_hold_id=made[0].credit_hold_id, customer_id=SHOP, end="cause_ended",
        policy_version=1, **early,
    )  # fmt: skip
    by_other_policy = replace(
        made[0], credit_hold_id=derived_id("chd", "other"), policy_version=2, seen_position=11
    )
    orders = [
        event(
            ReservationDecided, reservation_id=derived_id("rsv", name), customer_id=SHOP, order_ref=name,
            amount_minor=5_00, expires_on=day, decision=decision, attempt=1,
        )
        for name, decision in (("blocked", "refuse"), ("role", "refuse"), ("reserved", "accept"))
    ]  # fmt: skip
    closed = [
        event(
            ReservationReleased, reservation_id=each.reservation_id, customer_id=SHOP, currency=each.currency,
            amount_minor=5_00 if each.decision == "accept" else 0, text="Not wanted",
            role="head" if each.order_ref == "role" else None,
        )
        for each in orders
    ]  # fmt: skip
    badge = event(
        PayerBadgeGiven, payer_badge_id=badge_of(SHOP), customer_id=SHOP, text=late, policy_version=1,
        reason=Reason.of("days-past-due", days=days_late),
    )  # fmt: skip
    by_hand = event(
        CreditHoldPlaced, credit_hold_id=derived_id("chd", "hand"), customer_id=SHOP, cause="by_hand"
    )
    grade = event(
        ScoreGraded, score_grade_id=grade_of(OFFICE), customer_id=OFFICE, grade="A", model_version="default-1",
        seen_position=5,
    )  # fmt: skip
    asked = [event(LimitRequested, **each, evidence="File") for each in (good, raised)]
    approved = [event(LimitApproved, **good), event(LimitApproved, **raised | {"amount_minor": 900_00})]
    # An end of before positions were kept: its cause is absent at the opening of the day, and there afterwards.
    before = hold("before", OFFICE, "days_past_due", "Late")
    old_end = event(
        CreditHoldReleased, credit_hold_id=before.credit_hold_id, customer_id=OFFICE, end="cause_ended"
    )
    opening = [rules, DayOpened(day=day, late=False), invoice("F4", OFFICE, 1_00, FIRST), old_end]
    taken = [
        event(
            GuaranteeTaken,
            guarantee_id=derived_id("gua", str(role)),
            customer_id=SHOP,
            valid_from=day,
            role=role,
        )
        for role in (None, "head")
    ]
    proposed = [
        event(RiskTermsProposed, risk_terms_id=terms_of(SHOP), customer_id=SHOP, proposal_number=number)
        for number in (1, 2)
    ]
    left = [
        event(
            RiskTermsWithdrawn, risk_terms_id=terms_of(SHOP), customer_id=SHOP, proposal_number=each.proposal_number,
            accepted=each.proposal_number == 2, text="Not needed",
        )
        for each in proposed
    ]  # fmt: skip
    events = [*opening, *made, ended, by_other_policy, badge, by_hand, grade, *asked, *approved, *closed]
    events += [*taken, *left]
    days = {"from": day.isoformat(), "to": day.isoformat()}
    async with lists_of(
        module_installation, (TODAY, [*orders, before, *proposed]), (day, events)
    ) as scenario:
        answer = await scenario.http.post("/v1/decisions/reperform", json=days)
        single = await scenario.http.post(f"/v1/decisions/{made[0].credit_hold_id}/reperform")
        backwards = await scenario.http.post("/v1/decisions/reperform", json=days | {"to": "2020-01-01"})
    assert answer.status_code == 200, answer.text
    again = answer.json()
    assert again["by_kind"] == {
        "badge": 1, "closing": 2, "grade": 1, "guarantee": 2, "hold": 6, "limit": 2, "terms_withdrawal": 2
    }  # fmt: skip
    found = {
        (each["kind"], each["stream"]): each["problem"] or [field["field"] for field in each["differences"]]
        for each in again["mismatches"]
    }
    assert found == {
        ("hold", made[1].credit_hold_id): "There is no cause insolvency.",
        ("hold", made[2].credit_hold_id): "There is no cause days_past_due.",
        ("hold", by_other_policy.credit_hold_id): ["policy_version"],
        ("closing", closed[1].reservation_id): ["role"],
        ("grade", grade_of(OFFICE)): "The figures give no decision.",
        ("guarantee", taken[1].guarantee_id): ["role"],
        ("terms_withdrawal", terms_of(SHOP)): ["accepted"],
        (
            "limit",
            raised["limit_id"],
        ): "The amount exceeds the requested one; reduce it, or make a new request.",
    }
    assert (again["decisions"], again["equal"]) == (16, 8)
    assert (single.status_code, single.json()["equal"]) == (200, True)
    assert [each["seen_position"] for each in single.json()["decisions"]] == [None, 4]
    assert (backwards.status_code, backwards.json()["errors"][0]["pointer"]) == (422, "/to")


async def test_covers_guarantees_and_balance_sheets_are_found_by_their_ids_at_both_dates(
    module_installation: Installation,
) -> None:
    first, second = date(2026, 3, 2), date(2026, 3, 9)
    cover, guarantee = derived_id("cov", "got"), derived_id("gua", "got")
    granted = event(
        CoverGranted, cover_id=cover, insurance_contract_id="icn_1", contract_code="C", customer_id=SHOP,
        amount_minor=500_00, currency="EUR", valid_from=first,
    )  # fmt: skip
    taken = event(
        GuaranteeTaken, guarantee_id=guarantee, customer_id=SHOP, amount_minor=7_00, valid_from=first
    )
    filed = event(
        FinancialsFiled, financials_id=financials_of(SHOP), customer_id=SHOP, closed_on=date(2025, 12, 31),
        currency="EUR", equity_minor=1_00, turnover_minor=None,
    )  # fmt: skip
    lower = event(CoverReduced, cover_id=cover, amount_minor=200_00, currency="EUR", from_on=second)
    ended = event(GuaranteeReleased, guarantee_id=guarantee, customer_id=SHOP)
    paths = {
        f"/v1/covers/{cover}": lambda body: body["amounts"][-1]["amount"]["amount"],
        f"/v1/guarantees/{guarantee}": lambda body: body["released_on"],
        f"/v1/customers/{SHOP}/financials/2025-12-31": lambda body: body["equity"]["amount"],
    }
    async with http_scenario(module_installation, "risk", create_app) as made:
        await made.given(
            event(EntityRegistered, entity_id=ENTITY), granted, taken, filed, entity=ENTITY, on=first
        )
        await made.given(lower, ended, replace(filed, equity_minor=9_00), entity=ENTITY, on=second)

        async def found(path: str, **asked: str) -> Any:
            answer = await made.http.get(path, params={"as_of": str(second)} | asked)
            return paths[path](answer.json()) if answer.status_code == 200 else answer.json()["type"]

        now = [await found(path) for path in paths]
        then = [await found(path, as_of=str(first)) for path in paths]
        known = [await found(path, known_at="4") for path in paths]
        before = [await found(path, as_of="2026-03-01") for path in paths]
        other = await made.http.get(f"/v1/customers/{SHOP}/financials/2024-12-31")
    assert now == ["200.00", "2026-03-09", "9.00"]
    assert then == known == ["500.00", None, "1.00"]
    missing = ["/problems/cover-not-found", "/problems/guarantee-not-found", "/problems/financials-not-found"]
    assert before == missing
    assert (other.status_code, other.json()["type"]) == (404, missing[-1])


async def test_a_premium_follows_what_was_declared_at_both_dates(module_installation: Installation) -> None:
    contract, days = contract_of("C26"), [date(2026, 4, 10), date(2026, 4, 20), date(2026, 7, 1)]
    conditions = event(
        InsuranceTerms, turnover=TurnoverRule(period="quarter", within_days=30),
        premium=PremiumRule(rate_ppm=1_800, minimum_minor=9_000_00),
    )  # fmt: skip
    named = {"insurance_contract_id": contract, "currency": "EUR"}
    known = event(
        InsuranceContractSet, entity_id=ENTITY, code="C26", valid_from=date(2026, 1, 1), conditions=conditions, **named
    )  # fmt: skip
    deadline = deadline_id_of(contract, "turnover", "2026-Q1")
    told = event(
        InsuranceDeadlineMet, deadline_id=deadline, kind="turnover", met_on=days[0], turnover_minor=1_250_000_00,
        **named,
    )  # fmt: skip
    async with http_scenario(module_installation, "risk", create_app) as made:
        registered = event(EntityRegistered, entity_id=ENTITY)
        await made.given(registered, known, told, entity=ENTITY, on=days[0])
        await made.given(replace(told, turnover_minor=1_300_000_00), entity=ENTITY, on=days[1])

        async def seen(**asked: Any) -> tuple[list[str | None], str]:
            answer = await made.http.get("/v1/insurance-contracts/C26/premiums", params=asked)
            assert answer.status_code == 200, answer.text
            (year,) = answer.json()["data"]
            amounts = [each["premium"] and each["premium"]["amount"] for each in year["periods"]]
            return amounts, year["due"]["amount"]

        assert await seen(as_of=days[2]) == (["2340.00", None, None], "9000.00")
        assert await seen(as_of=days[1]) == (["2340.00", None], "9000.00")
        assert (
            await seen(as_of=days[0])
            == await seen(as_of=days[1], known_at="3")
            == (["2250.00", None], "9000.00")
        )
        unknown = await made.http.get("/v1/insurance-contracts/C27/premiums")
        before = await made.http.get("/v1/insurance-contracts/C26/premiums", params={"as_of": "2026-04-09"})
    assert [each.json()["type"] for each in (unknown, before)] == [
        "/problems/insurance-contract-not-found"
    ] * 2
