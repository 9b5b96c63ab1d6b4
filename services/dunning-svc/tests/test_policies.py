"""Policies as documents: written forms, contradictions, versions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from dunning_svc.domain.policy import decide
from dunning_svc.domain.policy.checks import PolicyContradicts, require_consistent
from dunning_svc.domain.policy.commands import ActivatePolicy, RetirePolicy, WritePolicy
from dunning_svc.domain.policy.policy import ladder_of
from dunning_svc.domain.policy.shipped import DEFAULT_ID, DEFAULT_POLICY, SHIPPED
from dunning_svc.domain.policy.state import POLICY
from dunning_svc.domain.policy.text import UnreadableYaml, read_yaml, write_yaml
from dunning_svc.domain.policy.written import document_of, written
from dunning_svc.http.policies.answers import DocumentOut
from dunning_svc.http.policies.bodies import PolicyBody
from encours.contracts.events.dunning.document import PolicyDocument
from encours.contracts.events.dunning.policy import (
    PolicyActivated,
    PolicyBacktested,
    PolicyCreated,
    PolicyRetired,
    PolicyVersionAdded,
)
from encours.testing.events import DAY
from encours.testing.scenario import given
from tests.histories.policies import OWN, document_named

POL = SHIPPED[DEFAULT_ID].policy_id
STEPS: list[dict[str, Any]] = [
    {"code": "J-5", "offset_days": -5, "act": "email", "template": "friendly"},
    {"code": "J+3", "offset_days": 3, "act": "email", "template": "first"},
    {"code": "J+30", "offset_days": 30, "act": "registered_letter", "template": "formal_notice"},
    {"code": "J+90", "offset_days": 90, "act": "litigation_file"},
]


def document(**more: Any) -> PolicyDocument:
    plain = {"name": "Own", "priority": 10, "steps": STEPS, "minimums": {"EUR": "5.00"}} | more
    return document_of(PolicyBody.model_validate(plain).model_dump(by_alias=True, exclude_none=True))


def with_step(i: int, **more: Any) -> list[dict[str, Any]]:
    return [*STEPS[:i], STEPS[i] | more, *STEPS[i + 1 :]]


@pytest.mark.parametrize("shipped", SHIPPED.values(), ids=lambda each: each.code)
def test_a_shipped_policy_is_consistent_and_follows_the_published_schema(shipped: Any) -> None:
    require_consistent(shipped.document)
    plain = written(shipped.document)
    if shipped.policy_id != DEFAULT_ID:
        body = PolicyBody.model_validate(read_yaml(write_yaml(plain).encode()))
        assert body.to_command(POL).document == shipped.document
    shown = DocumentOut.of(shipped.document).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert document_of(shown) == shipped.document


@pytest.mark.parametrize("code", OWN)
def test_a_policy_of_ones_own_is_the_same_after_json_and_yaml(code: str) -> None:
    found = document_named(code)
    require_consistent(found)
    body = PolicyBody.model_validate(read_yaml(write_yaml(written(found)).encode()))
    assert body.to_command(POL).document == found
    shown = DocumentOut.of(found).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert document_of(shown) == found


def test_a_step_may_be_counted_from_the_step_before_it() -> None:
    steps = with_step(2, offset_days=27, counted_from="previous_step")
    notice = ladder_of(POL, 1, document(steps=steps)).step("J+30")
    assert (notice.offset_days, notice.interval_days) == (30, 27)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"steps": with_step(2, code="J+3")}, "/steps/2/code"),
        ({"steps": with_step(2, offset_days=3)}, "/steps/2/offset_days"),
        ({"steps": with_step(2, offset_days=2)}, "/steps/2/offset_days"),
        ({"steps": with_step(2, interval_days=28)}, "/steps/2/interval_days"),
        ({"steps": with_step(0, counted_from="previous_step")}, "/steps/0/counted_from"),
        ({"steps": STEPS[2:]}, "/steps/0/act"),
        ({"steps": [STEPS[0], *STEPS[2:]]}, "/steps/1/act"),
        ({"steps": [*STEPS[:2], STEPS[3]]}, "/steps/2/act"),
        ({"steps": with_step(1, template=None)}, "/steps/1/template"),
        ({"steps": with_step(1, template="friendly")}, "/steps/1/template"),
        ({"steps": with_step(1, template="formal_notice")}, "/steps/1/template"),
        ({"steps": with_step(0, template="first")}, "/steps/0/template"),
        ({"steps": with_step(3, template="first")}, "/steps/3/template"),
        (
            {"steps": [*STEPS, STEPS[2] | {"code": "J+100", "offset_days": 100}], "formal_notice_interval_days": 90},
            "/steps/4/offset_days",
        ),
        ({"contact_limit": {"messages": 1, "days": 9}}, "/steps/1/offset_days"),
        ({"applies_to": {"currencies": ["USD"]}}, "/minimums"),
        ({"steps": with_step(1, minimums={"USD": "1.00"})}, "/minimums"),
        ({"applies_to": {"open_amounts": {"EUR": {"from": "9.00", "below": "9.00"}}}}, "/applies_to/open_amounts/EUR"),
        (
            {"applies_to": {"invoice_amounts": {"EUR": {"from": "9.00", "below": "8.00"}}}},
            "/applies_to/invoice_amounts/EUR",
        ),
        ({"applies_to": {"invoice_amounts": {"USD": {}}}}, "/minimums"),
        ({"applies_to": {"grades": ["D", "E", "D"]}}, "/applies_to/grades/2"),
        ({"applies_to": {"paid_late": {"from": 50, "below": 50}}}, "/applies_to/paid_late"),
        ({"ends_after_days": 89}, "/steps/3/offset_days"),
        ({"steps": with_step(3, late_terms="hidden")}, "/steps/3/late_terms"),
    ],
)  # fmt: skip
def test_a_policy_that_contradicts_itself_is_refused_with_the_place(change: Any, pointer: str) -> None:
    require_consistent(document())
    with pytest.raises(PolicyContradicts) as refused:
        require_consistent(document(**change))
    assert pointer in [error.pointer for error in refused.value.errors]


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x",
        "a: !!python/object/apply:os.system ['true']",
        "a: !!str 1",
        "[" * 200,
        "a: 1\na: 2",
        "? [1]\n: 2",
        "a: [",
        "--- 1\n--- 2",
        "a: \x00",
        "\xff",
        "<<: 1\n1: 2" + " " * 70_000,
    ],
)
def test_yaml_beyond_plain_values_is_refused(text: str) -> None:
    with pytest.raises(UnreadableYaml):
        read_yaml(text.encode("latin-1"))


def test_a_country_an_amount_and_a_date_stay_the_texts_that_they_are_in_yaml() -> None:
    assert read_yaml(b"[NO, 5.00, 2026-01-01, 0x10, 1e3, on, 7, true, null]") == [
        "NO", "5.00", "2026-01-01", "0x10", "1e3", "on", 7, True, None,
    ]  # fmt: skip


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=12)
_TRAPS = st.sampled_from(
    ["NO", "5.00", "null", "~", "1_000", "0o7", "=", "<<", "2026-01-01", "on", "y", "", "-", "01", "1:30"]
)
_NAMES = st.sampled_from(["a", "no", "1", "<<", ""])
_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | _TEXT | _TRAPS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


@for_all(st.dictionaries(st.sampled_from(["name", "on", "5"]), _PLAIN, max_size=3))
def test_what_is_written_in_yaml_is_read_again_as_the_same_value(plain: dict[str, Any]) -> None:
    assert read_yaml(write_yaml(plain).encode()) == plain


CREATED = PolicyCreated(policy_id=POL, document=document(), shipped_as=None)
ACTIVATED = PolicyActivated(
    policy_id=POL, version=1, backtest_id=None, cause="Agreed", without_backtest="New ledger"
)
BACKTEST = "bkt_1"
BACKTESTED = PolicyBacktested(
    policy_id=POL, version=1, backtest_id=BACKTEST, first_on=DAY, last_on=DAY, position=9, result_hash="00",
    messages=1, tasks=0, suppressed=0, customers=1, contradictions=0, channels=(),
)  # fmt: skip


def test_a_version_with_the_content_of_the_last_one_is_none() -> None:
    other = document(priority=11)
    added = PolicyVersionAdded(policy_id=POL, version=2, document=other)
    given(POLICY, CREATED).when(decide.add_version, WritePolicy(POL, other)).then(added)
    given(POLICY, CREATED, added).when(decide.add_version, WritePolicy(POL, other)).then()


def test_one_version_is_in_force_at_a_time_and_activating_it_twice_changes_nothing() -> None:
    activate = ActivatePolicy(POL, 1, None, "Agreed", "New ledger")
    given(POLICY, CREATED).when(decide.activate, activate, DAY).then(ACTIVATED)
    given(POLICY, CREATED, ACTIVATED).when(decide.activate, activate, DAY).then()
    retired = PolicyRetired(policy_id=POL, cause="Over")
    given(POLICY, CREATED, ACTIVATED, retired).when(decide.activate, activate, DAY).then(ACTIVATED)


def test_an_activation_names_an_existing_version_and_its_grounds() -> None:
    created = given(POLICY, CREATED)
    for cmd, code in (
        (ActivatePolicy(POL, 2, None, "Agreed", "New"), "policy-version-not-found"),
        (ActivatePolicy(POL, 1, None, None, "New"), "activation-needs-reason"),
        (ActivatePolicy(POL, 1, None, "Agreed"), "activation-needs-backtest"),
        (ActivatePolicy(POL, 1, BACKTEST, "Agreed"), "activation-needs-backtest"),
    ):
        created.when(decide.activate, cmd, DAY).refused(code)


def test_the_back_test_of_an_activation_is_of_its_version_and_of_today_or_yesterday() -> None:
    added = PolicyVersionAdded(policy_id=POL, version=2, document=document(priority=11))
    tried = given(POLICY, CREATED, added, BACKTESTED)
    named = ActivatePolicy(POL, 1, BACKTEST, "Agreed")
    for days in (0, 1):
        (activated,) = tried.when(decide.activate, named, DAY + timedelta(days=days)).then_types(
            PolicyActivated
        )
        assert (activated.backtest_id, activated.without_backtest) == (BACKTEST, None)
    late = tried.when(decide.activate, named, DAY + timedelta(days=2))
    assert late.refused("backtest-does-not-apply").detail == f"It was completed on {DAY}."
    other = tried.when(decide.activate, ActivatePolicy(POL, 2, BACKTEST, "Agreed"), DAY)
    assert other.refused("backtest-does-not-apply").detail == "It is one of version 1."


def test_a_policy_is_retired_once_and_only_after_an_activation() -> None:
    retire, retired = RetirePolicy(POL, "Over"), PolicyRetired(policy_id=POL, cause="Over")
    given(POLICY, CREATED).when(decide.retire, retire).refused("policy-not-in-force")
    given(POLICY, CREATED, ACTIVATED).when(decide.retire, retire).then(retired)
    given(POLICY, CREATED, ACTIVATED, retired).when(decide.retire, retire).then()


def test_the_default_policy_keeps_the_version_that_stored_decisions_name() -> None:
    assert (DEFAULT_POLICY.policy_id, DEFAULT_POLICY.version) == (DEFAULT_ID, 4)
