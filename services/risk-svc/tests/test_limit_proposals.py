"""Limits that a formula proposes, and reviews of limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.contracts import Recorded
from encours.contracts.events.limit_formula import CreditReviewPostponed, FinancialsFiled, GradeFactor
from encours.contracts.insured.share import InsuredShare
from encours.kernel.errors import Invalid
from encours.kernel.money import MAX_MINOR
from encours.testing.events import event
from encours.testing.history import recorded
from encours.testing.memory import TODAY
from risk_svc.domain.exposure import ExposureItem
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import Picture
from risk_svc.domain.proposal.formula import (
    FormulaTerms,
    LimitFormula,
    LimitFormulaMissing,
    SetLimitFormula,
    set_formula,
)
from risk_svc.domain.proposal.propose import ProposalBasis, RequestProposal, propose, request_of
from risk_svc.domain.proposal.review import CreditReview, PostponeReview, Renewal, causes, postpone
from risk_svc.domain.score.shipped import SHIPPED
from risk_svc.http.credit_file.parts import last_written
from risk_svc.use_cases.proposals import REVIEW

FACTORS = {"A": 12_000, "B": 10_000, "C": 5_000, "D": 2_000, "E": 0}
TERMS = FormulaTerms(
    currency="EUR",
    turnover_bps=2_000,
    equity_bps=1_000,
    reported_turnover_bps=None,
    grade_factors=tuple(GradeFactor(grade=grade, factor_bps=bps) for grade, bps in FACTORS.items()),  # type: ignore[arg-type]
    insured_bps=10_000,
    cap_minor=5_000_00,
    round_to_minor=100_00,
    max_days_past_due=30,
    valid_days=365,
    usage_bps=9_000,
    file_days=400,
)
FORMULA = LimitFormula("ent_1", 3, TERMS)


def billed(
    minor: int, *, issued_in: int = -40, late: int = 0, currency: str = "EUR"
) -> tuple[str, ExposureItem]:
    """An invoice that is paid on its due date, or open and late by so many days."""
    issued = TODAY + timedelta(days=issued_in)
    due = TODAY - timedelta(days=late) if late else issued + timedelta(days=30)
    left = minor if late else 0
    return currency, ExposureItem(
        "inv", "F", issued, due, minor, left, 0, left, None if late else due - timedelta(days=25), due
    )


def picture(*items: tuple[str, ExposureItem], **fields: Any) -> Picture:
    return Picture("cus_1", "ent_1", "Garage", items=items, limit_holder_id="cus_1", **fields)


def figures(closed_on: date = date(2025, 12, 31), **fields: Any) -> FinancialsFiled:
    usual = {"customer_id": "cus_1", "closed_on": closed_on, "currency": "EUR", "equity_minor": 10_000_00}
    return event(FinancialsFiled, **(usual | fields))


def proposed(seen: Picture, filed: FinancialsFiled | None = None, terms: FormulaTerms = TERMS) -> int:
    basis = ProposalBasis(seen, filed, SHIPPED, 7)
    return propose(replace(FORMULA, terms=terms), basis, TODAY).amount_minor


GOOD = [billed(2_000_00, issued_in=-40 - 5 * n) for n in range(8)]


def test_the_least_share_counts_times_the_factor_of_the_grade() -> None:
    found = propose(FORMULA, ProposalBasis(picture(*GOOD), figures(), SHIPPED, 7), TODAY)
    assert [(each.name, each.basis_minor, each.amount_minor) for each in found.components] == [
        ("turnover", 16_000_00, 3_200_00),
        ("equity", 10_000_00, 1_000_00),
    ]
    assert (found.grade, found.factor_bps, found.amount_minor) == ("A", 12_000, 1_200_00)
    assert (found.formula_version, found.score_model, found.seen_position) == (3, "default-1", 7)


def test_without_reported_figures_the_turnover_alone_counts() -> None:
    assert proposed(picture(*GOOD)) == 3_800_00
    assert proposed(picture(*GOOD), figures(equity_minor=None, turnover_minor=5)) == 3_800_00
    assert proposed(picture()) == 0


def test_negative_equity_proposes_nothing_but_what_is_insured() -> None:
    poor = figures(equity_minor=-10_000_00)
    assert proposed(picture(*GOOD), poor) == 0
    cover = InsuredShare("C1", "EUR", 700_50, 0, 0, {}, 0)
    assert proposed(picture(*GOOD, insured=(cover,)), poor) == 700_00


def test_a_bad_payer_is_proposed_little_and_a_proposal_is_capped() -> None:
    assert proposed(picture(*GOOD, billed(500_00, issued_in=-800, late=300))) < proposed(picture(*GOOD))
    never = [billed(2_000_00, issued_in=-300, late=200 + n) for n in range(5)]
    assert proposed(picture(*never)) == 0
    rich = [billed(90_000_00, issued_in=-40 - 5 * n) for n in range(8)]
    found = propose(FORMULA, ProposalBasis(picture(*rich), None, SHIPPED, 7), TODAY)
    assert (found.amount_minor, found.capped) == (5_000_00, True)


def test_a_proposal_is_no_higher_than_an_amount_can_be() -> None:
    whole = tuple(GradeFactor(grade=each.grade, factor_bps=100_000) for each in TERMS.grade_factors)
    terms = replace(TERMS, turnover_bps=100_000, equity_bps=None, cap_minor=None, grade_factors=whole)
    seen = picture(*[billed(MAX_MINOR)] * 20)
    found = propose(LimitFormula("ent_1", 3, terms), ProposalBasis(seen, None, SHIPPED, 7), TODAY)
    (turnover,) = found.components
    assert [found.amount_minor, turnover.basis_minor, turnover.amount_minor] == [MAX_MINOR] * 3
    assert found.capped


def test_old_invoices_and_those_credited_whole_are_no_turnover() -> None:
    cancelled = replace(billed(9_000_00)[1], settled_on=None)
    assert proposed(picture(*GOOD, billed(9_000_00, issued_in=-400), ("EUR", cancelled))) == 3_800_00


def test_a_currency_without_a_rate_counts_nothing_and_is_named() -> None:
    basis = ProposalBasis(
        picture(*GOOD, billed(9_000_00, currency="USD")), figures(currency="GBP"), SHIPPED, 7
    )
    found = propose(FORMULA, basis, TODAY)
    assert (found.missing_rates, [each.name for each in found.components]) == (("GBP", "USD"), ["turnover"])


def test_without_a_formula_nothing_is_proposed() -> None:
    with pytest.raises(LimitFormulaMissing):
        propose(LimitFormula(), ProposalBasis(picture(), None, SHIPPED, 7), TODAY)


@given(
    st.lists(st.integers(1, 10_000_00), max_size=6),
    st.integers(-5_000_00, 50_000_00),
    st.integers(1, 5_000_00),
)
def test_a_proposal_is_a_multiple_within_the_cap(amounts: list[int], equity: int, multiple: int) -> None:
    terms = replace(TERMS, round_to_minor=multiple)
    amount = proposed(picture(*map(billed, amounts)), figures(equity_minor=equity), terms)
    assert 0 <= amount <= 5_000_00
    assert amount % multiple == 0


def test_a_request_takes_the_proposal_over_with_its_figures() -> None:
    found = propose(FORMULA, ProposalBasis(picture(*GOOD), figures(), SHIPPED, 7), TODAY)
    asked = request_of(RequestProposal("lim_1", "cus_1", None, None, None, None), TERMS, found, TODAY)
    assert (asked.amount_minor, asked.currency, asked.max_days_past_due) == (1_200_00, "EUR", 30)
    assert asked.valid_until == TODAY + timedelta(days=365)
    assert asked.evidence == "Formula 3: turnover 16000.00 EUR at 20 %, equity 10000.00 EUR at 10 %; grade A"
    first = TODAY + timedelta(days=10)
    renewal = RequestProposal("lim_1", "cus_1", 45, first, None, "Renewal")
    later = request_of(renewal, TERMS, found, TODAY)
    assert (later.max_days_past_due, later.valid_until) == (45, first + timedelta(days=365))
    assert later.evidence.startswith("Renewal\nFormula 3")


def test_a_formula_has_a_factor_for_each_grade_and_a_share() -> None:
    assert set_formula(FORMULA, SetLimitFormula("ent_1", TERMS)) == []
    (changed,) = set_formula(FORMULA, SetLimitFormula("ent_1", replace(TERMS, cap_minor=None)))
    assert changed.version == 4
    for wrong in ({"grade_factors": TERMS.grade_factors[1:]}, {"turnover_bps": None, "equity_bps": None}):
        with pytest.raises(Invalid):
            set_formula(FORMULA, SetLimitFormula("ent_1", replace(TERMS, **wrong)))


def limit(amount_minor: int, days: int | None = None) -> ApprovedLimit:
    until = None if days is None else TODAY + timedelta(days=days)
    return ApprovedLimit("lim_1", amount_minor, "EUR", 30, until)


def kinds(
    seen: Picture,
    *,
    closed_on: date | None = TODAY,
    terms: FormulaTerms | None = TERMS,
    renewals: Sequence[Renewal] = (),
) -> list[str]:
    found = causes(seen, terms, closed_on, TODAY, TODAY + timedelta(days=30), renewals)
    return [each.kind for each in found]


OWED = billed(900_00, late=5)


def test_what_calls_for_a_review() -> None:
    assert kinds(picture(OWED)) == ["unrated"]
    assert kinds(picture()) == []
    assert kinds(picture(limit=limit(1_000_00, 30))) == ["expiry"]
    assert kinds(picture(limit=limit(1_000_00, 31))) == []
    assert kinds(picture(limit=limit(1_000_00, -1))) == ["expiry"]
    for renewal, left in (
        (Renewal(TODAY + timedelta(days=11), None), []),
        (Renewal(TODAY + timedelta(days=11), TODAY + timedelta(days=30)), ["expiry"]),
        (Renewal(TODAY + timedelta(days=11), TODAY + timedelta(days=31)), []),
        (Renewal(TODAY + timedelta(days=12), None), ["expiry"]),
    ):
        assert kinds(picture(limit=limit(1_000_00, 10)), renewals=[renewal]) == left
    ending = Renewal(TODAY + timedelta(days=5), TODAY + timedelta(days=20))
    assert kinds(picture(limit=limit(1_000_00)), renewals=[ending]) == ["expiry"]
    assert kinds(picture(OWED, limit=limit(1_000_00))) == ["usage"]
    assert kinds(picture(OWED, limit=limit(1_001_00))) == []
    assert kinds(picture(OWED, limit=limit(899_99))) == ["exceeded", "usage"]
    assert kinds(picture(OWED, limit=limit(899_99)), terms=None) == ["exceeded"]
    assert kinds(picture(limit=limit(1_000_00)), closed_on=None) == ["no_recent_file"]
    assert kinds(picture(limit=limit(1_000_00)), closed_on=TODAY - timedelta(days=370)) == ["no_recent_file"]
    assert kinds(picture(limit=limit(1_000_00)), closed_on=TODAY - timedelta(days=369)) == []
    assert kinds(picture(OWED, limit=limit(1_000_00, 3)), closed_on=None, terms=None) == ["expiry"]


def test_a_postponement_for_another_reason_is_recorded() -> None:
    put_off = PostponeReview("cus_1", TODAY + timedelta(days=9), "Accounts are filed in June")
    state = CreditReview("cus_1", put_off.until, put_off.text)
    assert postpone(state, put_off, TODAY) == []
    (again,) = postpone(state, replace(put_off, text="The auditor is late"), TODAY)
    assert (again.until, again.text) == (put_off.until, "The auditor is late")


def test_of_merged_records_the_last_postponement_counts_as_of_any_day() -> None:
    def put_off(customer_id: str, *positions: int) -> list[Recorded]:
        return [
            recorded(
                event(CreditReviewPostponed, customer_id=customer_id, until=TODAY, text=f"At {position}"),
                position=position,
                effective_on=TODAY + timedelta(days=position),
            )
            for position in positions
        ]

    survivor, merged = put_off("cus_1", 1, 3), put_off("cus_2", 2, 4)
    found = [last_written(REVIEW, (survivor, merged), TODAY + timedelta(days=n)) for n in range(5)]
    assert [each and each.text for each in found] == [None, "At 1", "At 2", "At 3", "At 4"]
