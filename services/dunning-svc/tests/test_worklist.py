"""The worklist: value at risk by the formula, reasons in words, and pages in that order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dunning_svc.domain.worklist.entry import DueTask, WorklistEntry, in_words
from dunning_svc.domain.worklist.formula import formula
from encours.reading.pages import Page, read_cursor

BY = formula()
CALL = DueTask("tsk_1", "call", date(2026, 3, 2), escalated=False)


def entry(**changes: Any) -> WorklistEntry:
    usual: dict[str, Any] = {
        "customer_id": "cus_1", "entity_id": "ent_1", "owner": "marie", "currency": "EUR", "overdue": {},
        "tasks": (), "broken_promises": 0,
    }  # fmt: skip
    return WorklistEntry(**(usual | changes))


def test_the_formula_rises_with_the_days_and_with_broken_promises_up_to_its_maximum() -> None:
    days = (-5, 0, 1, 30, 31, 60, 61, 90, 91, 120, 121, 4_000)
    assert [BY.percent(each, 0) for each in days] == [0, 0, 2, 2, 10, 10, 25, 25, 50, 50, 75, 75]
    assert [BY.percent(10, broken) for broken in range(8)] == [2, 17, 32, 47, 62, 77, 92, 95]
    assert BY.percent(0, 3) == 0


def test_the_value_at_risk_is_the_sum_over_the_amounts_rounded_down_once() -> None:
    assert entry(overdue={10: 100_000, 100: 50_001}).value_minor(BY) == 27_000
    assert entry(overdue={10: 100_000}, broken_promises=1).value_minor(BY) == 17_000


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, ()),
        ({"overdue": {10: 100_000}}, ()),
        ({"overdue": {130: 133_334}}, ("high_value",)),
        ({"overdue": {130: 133_333}}, ()),
        ({"overdue": {130: 1_334}, "currency": "JPY"}, ("high_value",)),
        ({"overdue": {10: 100}, "broken_promises": 1}, ("broken_promise",)),
        ({"broken_promises": 1}, ()),
        ({"tasks": (CALL,)}, ("task_due",)),
        ({"tasks": (DueTask("tsk_1", "call", date(2026, 3, 2), escalated=True),)}, ("task_due", "escalated")),
    ],
    ids=str,
)
def test_a_customer_is_listed_for_a_reason(changes: dict[str, Any], reasons: tuple[str, ...]) -> None:
    assert entry(**changes).reasons(BY) == reasons


def test_the_reasons_are_said_in_english_and_french() -> None:
    listed = entry(overdue={10: 100_000, 100: 50_000}, broken_promises=1, tasks=(CALL,))
    assert in_words(listed, BY, "en") == [
        "Value at risk 495.00\u00a0EUR: 1,500.00\u00a0EUR overdue, up to 100 days, at 17–65 %.",
        "Promises not kept in full: 1, 15 points each.",
        "Open tasks that are due: 1, the first since 2 March 2026.",
    ]
    assert in_words(listed, BY, "fr")[0] == (
        "Montant à risque 495,00\u00a0EUR : 1\u202f500,00\u00a0EUR échus, jusqu'à 100 jours, à 17–65 %."
    )
    assert in_words(entry(overdue={5: 1_000}), BY, "en") == [
        "Value at risk 0.20\u00a0EUR: 10.00\u00a0EUR overdue, up to 5 days, at 2 %."
    ]


def test_pages_of_rows_in_memory_follow_each_other_without_gap_or_repetition() -> None:
    rows = [{"value": value, "id": str(n)} for n, value in enumerate((5, 1, 5, 3, 1, 9))]
    for descending in (True, False):
        seen: list[Any] = []
        last = None
        while True:
            page = Page(2, ("value", "id"), descending, nullable=False, last=last, check="x")
            body = page.body(page.of_rows(rows), dict)
            seen += body["data"]
            if body["next_cursor"] is None:
                break
            last = read_cursor(body["next_cursor"], "x", 2)
        assert seen == sorted(rows, key=lambda row: (row["value"], row["id"]), reverse=descending)
