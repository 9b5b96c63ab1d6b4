"""Given a document of a report, when it contradicts its source or itself, then the answer names the place."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from encours.contracts.events.report import ReportDocument, ReportSaved, ReportShared
from encours.kernel.errors import Invalid
from encours.kernel.terms import months_after
from encours.testing.history import recorded
from reporting_svc.domain.report.catalogue import SOURCES
from reporting_svc.domain.report.days import DAY_WORDS, day_of
from reporting_svc.domain.report.document import ReportContradicts, plan_of
from reporting_svc.domain.report.state import (
    CustomReport,
    ReportNotFound,
    ReportNotYours,
    SaveReport,
    ShareReport,
    drop,
    evolve,
    save,
    share,
)
from reporting_svc.http.reports.bodies import DocumentBody, SharingBody

MARCH = date(2026, 3, 31)
LIST = {"source": "open_items", "columns": ["number", "outstanding"]}
GROUPS = {"source": "open_items", "columns": ["count", "sum:outstanding"], "group_by": ["segment"]}
MINE, OTHER = "key:mine", "key:other"


def document(**fields: Any) -> ReportDocument:
    return DocumentBody.model_validate(LIST | fields).to_document()


def condition(column: str, operator: str, *values: str) -> dict[str, Any]:
    return {"conditions": [{"column": column, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("fields", "pointer", "said"),
    [
        ({"source": "invoices"}, "/source", "open_items, aged_balance"),
        ({"columns": ["numbr"]}, "/columns/0", "no column 'numbr'"),
        ({"columns": ["number", "number"]}, "/columns/1", "shown twice"),
        ({"columns": ["sum:number"]}, "/columns/0", "no measure 'sum'"),
        ({"columns": ["sum:total"]}, "/columns/0", "it has min, max"),
        ({"columns": ["sum:days_past_due"]}, "/columns/0", "it has mean, min, max"),
        ({"columns": ["number", "count"]}, "/columns/0", "put number into group_by"),
        (GROUPS | {"columns": ["outstanding"]}, "/columns/0", "take a measure"),
        (GROUPS | {"group_by": ["outstanding"]}, "/group_by/0", "cannot be grouped"),
        (GROUPS | {"group_by": ["segment", "segment"]}, "/group_by/1", "twice"),
        ({"order": ["due_on"]}, "/order/0", "is not shown"),
        ({"bands": "60,30"}, "/bands", "rising"),
        ({"since": "start_of_month"}, "/since", "takes no since"),
        ({"period": "week"}, "/period", "takes no period"),
        ({"as_of": "tomorrow"}, "/as_of", "end_of_last_month"),
        ({"as_of": "2026-02-30"}, "/as_of", "Write a date"),
        (condition("colour", "is", "red"), "/conditions/0/column", "no column"),
        (condition("number", "at_least", "3"), "/conditions/0/operator", "kind text takes"),
        (condition("tags", "at_most", "3"), "/conditions/0/operator", "kind texts takes"),
        ({"columns": ["min:tags"]}, "/columns/0", "no measure 'min'"),
        (condition("outstanding", "is_not", "3"), "/conditions/0/operator", "kind money takes"),
        (condition("outstanding", "at_least"), "/conditions/0/values", "one value"),
        (condition("outstanding", "at_least", "1", "2"), "/conditions/0/values", "one value"),
        (condition("outstanding", "empty", "1"), "/conditions/0/values", "no value"),
        (condition("outstanding", "at_least", "1e9"), "/conditions/0/values/0", "Write a number"),
        (condition("due_on", "at_most", "soon"), "/conditions/0/values/0", "Write a date"),
        ({"source": "collection", "columns": ["field:channel"]}, "/columns/0", "no column"),
        ({"source": "aged_balance", "columns": ["invoice_field:site"]}, "/columns/0", "no column"),
        (
            {"source": "collection", "columns": ["sum:sales", "sum:closing"]},
            "/columns/1",
            "a balance on a day",
        ),
    ],
)
def test_a_contradiction_is_named_with_its_place(fields: dict[str, Any], pointer: str, said: str) -> None:
    with pytest.raises(ReportContradicts) as refused:
        plan_of(document(**fields))
    found = {each.pointer: each.detail for each in refused.value.errors}
    assert said in found[f"/document{pointer}"]


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(ReportContradicts) as refused:
        plan_of(document(columns=["a", "b"], as_of="never"))
    assert len(refused.value.errors) == 3


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.name)
def test_every_column_and_measure_of_the_catalogue_can_be_shown(source: Any) -> None:
    plain = [each.name for each in source.columns]
    shown = plan_of(document(source=source.name, columns=plain)).shown
    assert [each.name for each in shown] == plain
    measures = ["count", *(f"{m}:{each.name}" for each in source.columns for m in each.measures)]
    groups = [each.name for each in source.columns if each.kind in ("text", "day")][:5]
    plan = plan_of(document(source=source.name, columns=measures, group_by=groups))
    assert {each.name for each in plan.shown} == {*measures, *groups, "currency"}


def test_amounts_are_never_shown_without_their_currency() -> None:
    assert [each.name for each in plan_of(document()).shown] == ["number", "outstanding", "currency"]
    plan = plan_of(document(**GROUPS))
    assert plan.groups == ("segment", "currency")
    assert [each.name for each in plan.shown] == ["segment", "currency", "count", "sum:outstanding"]


def test_the_bands_of_the_document_are_columns() -> None:
    fields = {"source": "aged_balance", "bands": "10", "columns": ["not_due", "1-10", "11+"]}
    assert plan_of(document(**fields)).bands.names == ("not_due", "1-10", "11+")
    with pytest.raises(ReportContradicts):
        plan_of(document(**fields | {"bands": "20"}))


@pytest.mark.parametrize(
    ("word", "day"),
    [
        ("today", "2026-03-31"),
        ("yesterday", "2026-03-30"),
        ("start_of_week", "2026-03-30"),
        ("end_of_last_week", "2026-03-29"),
        ("start_of_month", "2026-03-01"),
        ("start_of_last_month", "2026-02-01"),
        ("end_of_last_month", "2026-02-28"),
        ("start_of_quarter", "2026-01-01"),
        ("start_of_last_quarter", "2025-10-01"),
        ("end_of_last_quarter", "2025-12-31"),
        ("start_of_year", "2026-01-01"),
        ("start_of_last_year", "2025-01-01"),
        ("end_of_last_year", "2025-12-31"),
        ("eleven_months_back", "2025-04-01"),
        ("2026-02-28", "2026-02-28"),
    ],
)
def test_a_word_follows_the_day_of_the_run(word: str, day: str) -> None:
    assert day_of(word, MARCH).isoformat() == day


def test_every_word_has_a_day_on_any_date() -> None:
    for year in range(2020, 2030):
        for month in range(1, 13):
            on = date(year, month, 1)
            assert all(date(year - 2, 1, 1) < day_of(word, on) <= on for word in DAY_WORDS)
            last = months_after(on, 1) - timedelta(days=1)
            assert months_after(day_of("start_of_last_quarter", last), 3) == day_of("start_of_quarter", last)
    for text in ("20260331", "1899-12-31", "3000-01-01"):
        with pytest.raises(Invalid):
            day_of(text, MARCH)


@pytest.mark.parametrize(
    "fields",
    [
        {"columns": []},
        {"columns": ["select 1"]},
        {"columns": ["x; drop table item"]},
        {"limit": 0},
        {"limit": 1_000_000},
        {"limit": "10"},
        {"known_at": "soon"},
        {"sql": "select 1"},
        {"conditions": [{"column": "number", "operator": "like", "values": ["%"]}]},
        {"group_by": ["segment"] * 6},
    ],
)
def test_a_body_of_another_form_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        document(**fields)


@pytest.mark.parametrize("fields", [{"audience": "actors"}, {"audience": "everyone", "actors": ["key:abcd"]}])
def test_actors_are_named_with_their_audience_alone(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SharingBody.model_validate(fields)


def made(report_id: str = "rpt_1") -> CustomReport:
    event = save(CustomReport(), SaveReport(report_id, "Old debts", document()), MINE)[0]
    return evolve(CustomReport(), recorded(event, entity=""))


def test_the_version_counts_contents_and_not_names() -> None:
    state = made()
    renamed = save(state, SaveReport("rpt_1", "New name", None), MINE)[0]
    assert (renamed.name, renamed.definition_version) == ("New name", 1)
    state = evolve(state, recorded(renamed, entity=""))
    changed = save(state, SaveReport("rpt_1", None, document(limit=5)), MINE)[0]
    assert (changed.name, changed.definition_version) == ("New name", 2)
    assert save(state, SaveReport("rpt_1", "New name", document()), MINE) == []


def test_a_private_report_is_not_there_for_others_and_a_shared_one_is_not_theirs_to_change() -> None:
    state = made()
    for act in (
        lambda state: save(state, SaveReport("rpt_1", "Mine now", None), OTHER),
        lambda state: share(state, ShareReport("rpt_1", "everyone", ()), OTHER),
        lambda state: drop(state, "rpt_1", OTHER),
    ):
        with pytest.raises(ReportNotFound):
            act(state)
        shared = evolve(state, recorded(share(state, ShareReport("rpt_1", "actors", (OTHER,)), MINE)[0]))
        with pytest.raises(ReportNotYours):
            act(shared)
        dropped = evolve(shared, recorded(drop(shared, "rpt_1", MINE)[0]))
        with pytest.raises(ReportNotFound):
            act(dropped)


def test_readers_are_those_who_are_named() -> None:
    state = made()
    assert (state.is_visible_to(MINE), state.is_visible_to(OTHER)) == (True, False)
    assert share(state, ShareReport("rpt_1", "nobody", ()), MINE) == []
    everyone = ReportShared(report_id="rpt_1", audience="everyone", actors=())
    assert evolve(state, recorded(everyone)).is_visible_to(OTHER)
    assert isinstance(state.saved, ReportSaved)
