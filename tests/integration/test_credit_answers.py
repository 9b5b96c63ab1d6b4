"""Lists of risk-svc over HTTP on given events: reviews of those who share a limit, claims that were lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import pytest_asyncio
from msgspec.structs import replace

from encours.contracts import Event
from encours.contracts.common import Reason
from encours.contracts.events.credit_file import (
    CreditFactContent,
    CreditFactRecorded,
    CreditFactValue,
    CreditFactWithdrawn,
)
from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased, PayerBadgeGiven
from encours.contracts.events.guarantee import GuaranteeTaken
from encours.contracts.events.insurance import (
    CoverGranted,
    CoverReduced,
    CoverStopped,
    InsuranceContractSet,
    InsuranceTerms,
)
from encours.contracts.events.limit_formula import (
    CreditReviewPostponed,
    FinancialsFiled,
    GradeFactor,
    LimitFormulaSet,
)
from encours.contracts.events.parties.customer import CustomerMerged, CustomerRegistered, RolesAssigned
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.parties.insolvency import InsolvencyOpened
from encours.contracts.events.reservation import CreditBasis, ReservationDecided
from encours.contracts.events.risk import LimitApproved, LimitRequested
from encours.contracts.events.risk_terms import PayerFigures, RiskTermsAnswered, RiskTermsProposed
from encours.contracts.events.score import ScoreGraded
from encours.kernel.ids import derived_id
from encours.projection.read_model import ReadModel
from encours.projection.rebuild import rebuild
from encours.testing.events import event, issued
from encours.testing.http import HttpScenario, http_scenario
from encours.testing.servers import Installation
from risk_svc.app import create_app
from risk_svc.domain.badge import badge_of
from risk_svc.domain.file.facts import facts_of
from risk_svc.domain.insurance.contract import contract_of
from risk_svc.domain.proposal.financials import financials_of
from risk_svc.domain.proposal.formula import formula_of
from risk_svc.domain.proposal.review import review_of
from risk_svc.domain.score.grading import grade_of
from risk_svc.domain.terms.proposals import terms_of
from risk_svc.read_models.checks.model import Checks
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.file.query import MOST_ORDERS

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


async def build(installation: Installation, made: HttpScenario, model: ReadModel) -> None:
    await rebuild(
        ledger_dsn=installation.ledger_url("risk"),
        store_dsn=installation.store_url("risk"),
        service="risk-svc",
        model=model,
        ledger=made.name,
    )


@asynccontextmanager
async def ledger_of(
    installation: Installation, *more: tuple[date, Sequence[Event]]
) -> AsyncIterator[HttpScenario]:
    """A ledger with customers, invoices and a cover, then more events day by day, and its read model."""
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
        for day, events in more:
            await made.given(*events, entity=ENTITY, on=day)
        await build(installation, made, Credit())
        yield made


@pytest_asyncio.fixture
async def scenario(module_installation: Installation) -> AsyncIterator[HttpScenario]:
    async with ledger_of(module_installation) as made:
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


async def test_figures_and_postponements_of_a_merged_record_count_for_the_one_that_remains(
    module_installation: Installation,
) -> None:
    factors = tuple(event(GradeFactor, grade=each, factor_bps=10_000) for each in "ABCDE")
    formula = event(
        LimitFormulaSet, limit_formula_id=formula_of(ENTITY), entity_id=ENTITY, version=1, equity_bps=1_000,
        grade_factors=factors, round_to_minor=1, max_days_past_due=30, valid_days=90,
    )  # fmt: skip
    filed = event(
        FinancialsFiled, financials_id=financials_of(SHOP), customer_id=SHOP, closed_on=FIRST, equity_minor=900_00
    )  # fmt: skip
    older = replace(filed, closed_on=date(2025, 1, 31), equity_minor=None, turnover_minor=5_000_00)
    named: dict[str, Any] = {"cover_id": derived_id("cov", "bankrupt"), "customer_id": BANKRUPT}
    changed = event(CoverReduced, **named, amount_minor=400_00, from_on=TODAY), event(CoverStopped, **named)
    later = date(2027, 1, 1)
    put_off = event(CreditReviewPostponed, credit_review_id=review_of(SHOP), customer_id=SHOP, until=later)
    merged = event(CustomerMerged, customer_id=SHOP, into_id=OFFICE, cause="Same firm")
    happened = (TODAY, [formula, *changed, filed, older, put_off]), (TODAY + timedelta(days=1), [merged])
    async with ledger_of(module_installation, *happened) as scenario:

        async def seen(**dates: Any) -> tuple[list[str], list[str]]:
            listed = (await got(scenario, "/v1/reviews", **dates))["data"]
            proposal = await got(scenario, f"/v1/customers/{OFFICE}/limit-proposal", **dates)
            amounts = [each["amount"]["amount"] for each in proposal["components"]]
            return [each["customer_id"] for each in listed], amounts

        last = (await got(scenario, "/v1/reviews"))["position"]
        assert await seen() == ([BANKRUPT], ["90.00"])
        before = await seen(as_of=TODAY, known_at=last - 1)
        assert before == (sorted([OFFICE, BANKRUPT]), [])
        assert await seen(as_of=TODAY) == before, "the merge begins a day later"

        await build(module_installation, scenario, Checks())

        async def sheets(customer: str, **dates: Any) -> list[tuple[Any, ...]]:
            file = await got(scenario, f"/v1/customers/{customer}/credit-file", **dates)
            return [(each["closed_on"], each["equity"], each["turnover"]) for each in file["financials"]]

        own, sold, first, low = ({"amount": f"{n}.00", "currency": "EUR"} for n in (900, 5000, 1000, 400))
        both = [(FIRST.isoformat(), own, None), ("2025-01-31", None, sold)]
        assert await sheets(OFFICE) == await sheets(SHOP, as_of=TODAY) == both
        assert await sheets(OFFICE, as_of=TODAY) == await sheets(SHOP, as_of=FIRST) == []
        assert await sheets(SHOP, as_of=TODAY, known_at=last - 3) == both[:1]

        async def cover(**dates: Any) -> tuple[str, list[Any], list[Any]]:
            (shown,) = (await got(scenario, f"/v1/customers/{BANKRUPT}/credit-file", **dates))["covers"]
            return shown["id"], [each["amount"] for each in shown["amounts"]], shown["stops"]

        one = named["cover_id"]
        assert await cover() == (one, [first, low], [{"from": TODAY.isoformat(), "to": None}])
        assert await cover(as_of=FIRST) == await cover(known_at=last - 6) == (one, [first], [])
        assert await cover(known_at=last - 5) == (one, [first, low], [])


def fact(number: int, kind: str, observed_on: date, **values: str) -> CreditFactRecorded:
    content = event(
        CreditFactContent, kind=kind, source="register", observed_on=observed_on, text=kind, valid_from=None,
        valid_until=None, values=tuple(CreditFactValue(name=name, value=value) for name, value in values.items()),
    )  # fmt: skip
    return event(
        CreditFactRecorded, credit_facts_id=facts_of(OFFICE), customer_id=OFFICE, fact_number=number, content=content
    )  # fmt: skip


async def test_facts_of_registers_and_insurers_call_for_a_review_until_they_are_answered(
    module_installation: Installation,
) -> None:
    factors = tuple(event(GradeFactor, grade=each, factor_bps=10_000) for each in "ABCDE")
    formula = event(
        LimitFormulaSet, limit_formula_id=formula_of(ENTITY), entity_id=ENTITY, version=1, equity_bps=1_000,
        grade_factors=factors, round_to_minor=1, max_days_past_due=30, valid_days=90, file_days=365,
    )  # fmt: skip
    limit: dict[str, Any] = {
        "limit_id": derived_id("lim", "office"),
        "customer_id": OFFICE,
        "amount_minor": 900_00,
    }
    in_force = (
        event(LimitRequested, **limit, valid_until=None),
        event(LimitApproved, **limit, valid_until=None),
    )
    days = [TODAY + timedelta(days=n) for n in range(5)]
    again = limit | {"limit_id": derived_id("lim", "again")}
    happened = (
        (days[0], [formula, *in_force]),
        (days[1], [fact(1, "company_status", days[1], state="closed"), fact(2, "insurer_opinion", days[1])]),
        (days[2], [fact(3, "accounts_filed", days[2], closed_on="2026-03-31")]),
        (days[3], [fact(4, "company_status", days[3], state="active")]),
        (days[4], [
            event(LimitRequested, **again, valid_until=None),
            event(LimitApproved, **again, valid_until=None),
            event(
                CreditFactWithdrawn, credit_facts_id=facts_of(OFFICE), customer_id=OFFICE, fact_number=3,
                text="Other firm",
            ),
        ]),
    )  # fmt: skip
    async with ledger_of(module_installation, *happened) as scenario:

        async def causes(**dates: Any) -> list[str]:
            listed = (await got(scenario, "/v1/reviews", **dates))["data"]
            return sorted(
                cause["kind"] for each in listed if each["customer_id"] == OFFICE for cause in each["causes"]
            )

        assert await causes(as_of=days[0]) == ["no_recent_file"]
        assert await causes(as_of=days[1]) == ["company_closed", "insurer_opinion", "no_recent_file"]
        last = (await got(scenario, "/v1/reviews"))["position"]
        assert await causes(as_of=days[2], known_at=last - 1) == ["company_closed", "insurer_opinion"]
        assert await causes(as_of=days[3], known_at=last - 3) == ["insurer_opinion"]
        assert await causes() == ["no_recent_file"], (
            "a limit is decided, and the accounts were another firm's"
        )


async def test_a_guarantee_that_was_agreed_is_in_the_diary_until_it_is_obtained(
    module_installation: Installation,
) -> None:
    """For a record that has no exposure, and for the one that it is merged into."""
    days = [TODAY + timedelta(days=n) for n in range(5)]
    named: dict[str, Any] = {"risk_terms_id": terms_of(OFFICE), "customer_id": OFFICE, "proposal_number": 1}
    amount: dict[str, Any] = {"amount_minor": 500_00, "currency": "EUR"}
    proposed = event(RiskTermsProposed, kind="guarantee", **amount, **named)
    taken = event(
        GuaranteeTaken, guarantee_id=derived_id("gua", "agreed"), customer_id=BANKRUPT, valid_from=days[3], **amount
    )  # fmt: skip
    merged = event(CustomerMerged, customer_id=OFFICE, into_id=BANKRUPT, cause="Same firm")
    happened = (
        (days[0], [proposed, event(RiskTermsAnswered, accepted=True, obtain_by=days[1], **named)]),
        (days[2], [merged]),
        (days[3], [taken]),
    )
    async with ledger_of(module_installation, *happened) as scenario:

        async def missing(day: date, **dates: Any) -> list[tuple[str, str]]:
            asked = {"as_of": day, "until": day} | dates
            return [
                (each["customer_id"], cause["reason"]["code"])
                for each in (await got(scenario, "/v1/reviews", **asked))["data"]
                for cause in each["causes"]
                if cause["kind"] == "guarantee_missing"
            ]

        last = (await got(scenario, "/v1/reviews"))["position"]
        assert await missing(days[0]) == await missing(days[1], known_at=last - 3) == []
        assert await missing(days[1]) == [(OFFICE, "guarantee-awaited")]
        assert await missing(days[2]) == [(BANKRUPT, "guarantee-overdue")]
        assert await missing(days[3], known_at=last - 1) == [(BANKRUPT, "guarantee-overdue")]
        assert await missing(days[3]) == []


async def test_the_effect_of_terms_stands_beside_customers_of_the_grade_without_terms(
    module_installation: Installation,
) -> None:
    days = [TODAY + timedelta(days=n) for n in range(5)]

    def graded(customer: str) -> ScoreGraded:
        return event(ScoreGraded, score_grade_id=grade_of(customer), customer_id=customer, grade="D")

    def terms(customer: str) -> list[Event]:
        named: dict[str, Any] = {
            "risk_terms_id": terms_of(customer),
            "customer_id": customer,
            "proposal_number": 1,
        }
        figures = event(PayerFigures, grade="D")
        proposed = event(RiskTermsProposed, kind="deposit", share_bps=3_000, figures=figures, **named)
        return [proposed, event(RiskTermsAnswered, accepted=True, **named)]

    later = replace(invoice("F4", SHOP, 10_00, days[2]), issued_on=days[2])
    happened = (
        (days[0], [graded(each) for each in (OFFICE, SHOP, BANKRUPT)]),
        (days[1], terms(OFFICE)),
        (days[2], [later]),
        (days[3], terms(BANKRUPT)),
    )
    async with ledger_of(module_installation, *happened) as scenario:
        path = f"/v1/customers/{OFFICE}/terms-proposals/1/effect"
        found = await got(scenario, path, as_of=days[4])
        late = float((days[4] - FIRST).days)
        assert found["peers"] == {
            "grade": "D",
            "customers": 1,
            "before": {"invoices": 2, "late": 2, "mean_days_late": (late + 4) / 2},
            "since": {"invoices": 1, "late": 1, "mean_days_late": 2.0},
        }, "the other customer of the grade has accepted terms since"
        assert (await got(scenario, path, as_of=days[2]))["peers"]["customers"] == 2
        unanswered = await scenario.http.get(path, params={"as_of": str(days[0])})
        assert (unanswered.status_code, unanswered.json()["type"]) == (404, "/problems/risk-terms-not-found")


async def test_exposure_is_shown_alone_with_the_payer_with_the_group_and_the_file_has_all_holds(
    module_installation: Installation,
) -> None:
    later = TODAY + timedelta(days=1)
    begun = date(2026, 3, 10)
    group = event(RolesAssigned, customer_id=BANKRUPT, valid_from=begun, group_id=OFFICE, payer_id=None)
    fields: dict[str, Any] = {"credit_hold_id": derived_id("chd", "one"), "customer_id": SHOP}
    late = Reason.of("days-past-due", days=45)
    placed = event(CreditHoldPlaced, **fields, cause="days_past_due", text="45 days", reason=late)
    released = event(CreditHoldReleased, **fields, end="by_hand", text="Paid by transfer")
    badge = event(PayerBadgeGiven, payer_badge_id=badge_of(SHOP), customer_id=SHOP, text="Three cheques")
    happened = (TODAY, [group, placed, badge]), (later, [released])
    async with ledger_of(module_installation, *happened) as scenario:

        async def shown(customer: str, **asked: Any) -> tuple[list[str], str, str]:
            asked = {"as_of": begun} | asked
            found = await got(scenario, f"/v1/customers/{customer}/exposure", **asked)
            parts = found["whole"]["components"]
            return sorted(found["members"]), parts["total"]["amount"], parts["insured"]["amount"]

        everyone, payers, heads = (
            sorted([OFFICE, SHOP, BANKRUPT]),
            sorted([OFFICE, SHOP]),
            sorted([OFFICE, BANKRUPT]),
        )
        assert await shown(SHOP) == await shown(SHOP, scope="limit") == (everyone, "420.00", "270.00")
        assert await shown(SHOP, scope="payer") == (payers, "120.00", "0.00")
        assert await shown(SHOP, scope="customer") == ([SHOP], "120.00", "0.00")
        assert await shown(BANKRUPT, scope="group") == (heads, "300.00", "270.00")
        before = begun - timedelta(days=1)
        assert await shown(BANKRUPT, scope="group", as_of=before) == ([BANKRUPT], "300.00", "270.00")
        unknown = await scenario.http.get(f"/v1/customers/{SHOP}/exposure", params={"scope": "family"})
        assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/scope")

        await build(module_installation, scenario, Checks())
        path = f"/v1/customers/{SHOP}/credit-file"
        now, then = await got(scenario, path), await got(scenario, path, as_of=TODAY)
        (ended,), (open_,) = now["hold_history"], then["hold_history"]
        assert [ended[name] for name in ("placed_on", "text", "released_on", "release_text", "end")] == [
            TODAY.isoformat(), "45 days", later.isoformat(), "Paid by transfer", "by_hand",
        ]  # fmt: skip
        assert (ended["placed_by"], ended["released_by"]) == (then["timeline"][0]["actor"],) * 2
        (held,) = then["holds"]
        assert (open_["released"], held["id"]) == (False, ended["id"])
        english, french = (
            "An invoice is open for 45 days past due.",
            "Une facture est échue et impayée depuis 45 jours.",
        )
        said = {"values": {"days": 45}, "text": english, "en": english, "fr": french}
        assert held["reason"] == ended["reason"] == {"code": "days-past-due"} | said
        one = f"/v1/credit-holds/{held['id']}"
        seen = [await got(scenario, one), await got(scenario, one, as_of=TODAY)]
        assert [each["end"] for each in seen] == ["by_hand", None]
        assert seen[0].items() >= (ended | {"version": 2}).items()
        assert (await scenario.http.get(one, params={"as_of": before.isoformat()})).status_code == 404
        badge_shown = [now["badge"][name] for name in ("since", "text", "reason")]
        assert (now["holds"], badge_shown) == ([], [TODAY.isoformat(), "Three cheques", None])
        assert (await got(scenario, path, as_of=before))["badge"] is None
        assert now["timeline"][0]["en"] == "Hold on orders released (by hand): Paid by transfer"
        alone = await got(scenario, path, scope="customer")
        assert (alone["members"], alone["orders_left_out"]) == ([SHOP], 0)


async def test_a_claim_lost_by_insolvency_is_listed_before_its_invoice_is_due(scenario: HttpScenario) -> None:
    path, period = "/v1/insurance-contracts/C26/lost-claims", {"from": "2026-03-01", "to": "2026-05-31"}
    found = await got(scenario, path, **period)
    assert [(each["kind"], each["last_day"]) for each in found["data"]] == [("hand_over", "2026-03-31")]
    assert found["insured"] == {"amount": "270.00", "currency": "EUR"}
    reversed_ = await scenario.http.get(path, params={"from": "2026-05-31", "to": "2026-03-01"})
    assert (reversed_.status_code, reversed_.json()["errors"][0]["pointer"]) == (422, "/from")


async def test_of_600_orders_none_is_left_out_without_a_word(module_installation: Installation) -> None:
    fields: dict[str, Any] = {"customer_id": SHOP, "amount_minor": 1_00, "currency": "EUR", "attempt": 1}
    fields |= {"decision": "accept", "expires_on": date(2026, 12, 31), "waits_until": None}
    fields["basis"] = event(CreditBasis, holder_id=SHOP, currency="EUR")
    ids = [derived_id("rsv", number) for number in range(600)]
    orders = [event(ReservationDecided, **fields, reservation_id=each, order_ref=each) for each in ids]
    async with ledger_of(module_installation, (TODAY, orders)) as scenario:
        exposure = await got(scenario, f"/v1/customers/{SHOP}/exposure", scope="customer")
        assert exposure["components"]["reserved"]["amount"] == "600.00"
        listed: list[str] = []
        page = await got(scenario, "/v1/reservations", customer_id=SHOP, limit=200)
        while page["next_cursor"]:
            listed += [each["id"] for each in page["data"]]
            cursor = page["next_cursor"]
            page = await got(scenario, "/v1/reservations", customer_id=SHOP, limit=200, cursor=cursor)
        assert sorted(listed + [each["id"] for each in page["data"]]) == sorted(ids)
        await build(module_installation, scenario, Checks())
        file = await got(scenario, f"/v1/customers/{SHOP}/credit-file")
        assert (len(file["orders"]), file["orders_left_out"]) == (MOST_ORDERS, 600 - MOST_ORDERS)
        assert file["exposures"]["EUR"]["reserved"]["amount"] == "600.00"
