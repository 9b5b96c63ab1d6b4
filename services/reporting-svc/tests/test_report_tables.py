"""Given rows of a source, the table of a report is that of a naive count."""

import csv
import io
import random
import zipfile
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from encours.kernel.money import Money, exponent
from reporting_svc.domain.report.document import plan_of
from reporting_svc.domain.report.table import ReportRows, ReportTable
from reporting_svc.http.reports.bodies import DocumentBody
from reporting_svc.reports.files import file_name, report_file

ON = date(2026, 3, 31)


def row(**fields: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "number": "FAC-1", "segment": "Retail", "currency": "EUR", "due_on": ON, "days_past_due": 0,
        "outstanding": 1000, "total": 2000, "instalment": None, "field:channel": None, "tags": None,
    }  # fmt: skip
    return plain | fields


def table(rows: list[dict[str, Any]], **document: Any) -> ReportTable:
    body = {"source": "open_items", "columns": ["number", "outstanding"]} | document
    found = ReportRows(plan_of(DocumentBody.model_validate(body).to_document()), ON)
    found.add(rows)
    return found.table()


def where(column: str, operator: str, *values: str) -> dict[str, Any]:
    return {"conditions": [{"column": column, "operator": operator, "values": list(values)}]}


def numbers(found: ReportTable) -> list[Any]:
    return [each[0] for each in found.rows]


def test_balances_of_several_months_are_never_added() -> None:
    months = [
        {"currency": "EUR", "start": ON - timedelta(n), "sales": 7, "closing": 100 * n} for n in (31, 0, 0)
    ]
    listed = table(months, source="collection", columns=["start", "sales", "closing"])
    assert [dict(each.sums_minor) for each in listed.totals] == [{"sales": 21}]
    by_month = table(months, source="collection", columns=["sum:closing"], group_by=["start"])
    assert [row[2] for row in by_month.rows] == [Money(3100, "EUR"), Money(0, "EUR")]
    assert [dict(each.sums_minor) for each in by_month.totals] == [{}]


def random_rows(seed: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [
        row(
            number=f"FAC-{n}",
            segment=chance.choice(["Retail", "Public", None]),
            currency=chance.choice(["EUR", "JPY"]),
            due_on=ON + timedelta(chance.randrange(-90, 30)),
            days_past_due=chance.randrange(-30, 90),
            outstanding=chance.randrange(-500, 5000),
        )
        for n in range(60)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_groups_measures_and_totals_are_those_of_a_naive_count(seed: int) -> None:
    rows = random_rows(seed)
    columns = ["count", "sum:outstanding", "max:outstanding", "mean:days_past_due", "min:due_on"]
    found = table(rows, columns=columns, group_by=["segment"], **where("outstanding", "at_least", "10"))
    expected: dict[tuple[str | None, str], list[dict[str, Any]]] = defaultdict(list)
    for each in rows:
        if Decimal(each["outstanding"]) / 10 ** exponent(each["currency"]) >= 10:
            expected[each["segment"], each["currency"]].append(each)
    shown = {(r[0], r[1]): r[2:] for r in found.rows}
    assert shown.keys() == expected.keys()
    for (segment, currency), group in expected.items():
        amounts = [each["outstanding"] for each in group]
        days = Fraction(sum(each["days_past_due"] for each in group), len(group))
        counted, summed, largest, mean, earliest = shown[segment, currency]
        assert (counted, summed, largest, earliest) == (
            len(group),
            Money(sum(amounts), currency),
            Money(max(amounts), currency),
            min(each["due_on"] for each in group),
        )
        assert isinstance(mean, Decimal)
        assert abs(Fraction(mean) - days) <= Fraction(1, 200)
    for total in found.totals:
        mine = [each for key, group in expected.items() if key[1] == total.currency for each in group]
        assert total.rows == len(mine)
        assert total.sums_minor == {"sum:outstanding": sum(each["outstanding"] for each in mine)}


@pytest.mark.parametrize("seed", range(5))
def test_rows_come_in_order_up_to_the_limit_and_the_rest_is_counted(seed: int) -> None:
    rows = random_rows(seed)
    found = table(
        rows, columns=["number", "segment", "days_past_due"], order=["segment", "-days_past_due"], limit=25
    )
    expected = sorted(rows, key=lambda r: (r["segment"] is None, r["segment"] or "", -r["days_past_due"]))
    assert numbers(found) == [each["number"] for each in expected[:25]]
    assert found.left_out == 35
    assert sum(total.rows for total in found.totals) == 60


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        (where("segment", "is", "Retail"), ["a"]),
        (where("segment", "is", "Retail", "Public"), ["a", "b"]),
        (where("segment", "is_not", "Retail"), ["b", "c"]),
        (where("segment", "contains", "PUB"), ["b"]),
        (where("segment", "empty"), ["c"]),
        (where("segment", "not_empty"), ["a", "b"]),
        (where("outstanding", "at_least", "10.00"), ["b", "c"]),
        (where("outstanding", "at_most", "9.99"), ["a"]),
        (where("outstanding", "is", "10"), ["b"]),
        (where("due_on", "at_most", "end_of_last_month"), ["a"]),
        (where("due_on", "at_least", "2026-03-31"), ["b"]),
        (where("due_on", "at_least", "2026-01-01"), ["a", "b"]),
        (where("days_past_due", "at_least", "0.5"), ["a"]),
        (where("field:channel", "is", "web"), ["b"]),
    ],
)
def test_a_condition_keeps_the_rows_that_meet_it(condition: dict[str, Any], kept: list[str]) -> None:
    rows = [
        row(number="a", outstanding=999, due_on=date(2026, 2, 28), days_past_due=31),
        row(number="b", segment="Public", **{"field:channel": "web"}),
        row(number="c", segment=None, outstanding=1000, currency="JPY", due_on=None),
    ]
    assert numbers(table(rows, **condition)) == kept


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        (where("tags", "is", "key"), ["a", "b"]),
        (where("tags", "is", "late", "new"), ["b"]),
        (where("tags", "is_not", "late"), ["a", "c"]),
        (where("tags", "contains", "KE"), ["a", "b"]),
        (where("tags", "contains", "key, l"), []),
        (where("tags", "empty"), ["c"]),
        (where("tags", "not_empty"), ["a", "b"]),
    ],
)
def test_a_condition_on_several_texts_asks_for_one_of_them(
    condition: dict[str, Any], kept: list[str]
) -> None:
    rows = [row(number="a", tags=("key",)), row(number="b", tags=("key", "late")), row(number="c")]
    assert numbers(table(rows, **condition)) == kept


def test_rows_with_the_same_texts_are_a_group_and_no_row_is_in_two() -> None:
    rows = [row(tags=("key", "late")), row(tags=("key",)), row(), row(tags=("key", "late"))]
    found = table(rows, columns=["count"], group_by=["tags"])
    assert found.rows == [["key", 1], ["key, late", 2], [None, 1]]
    assert b'"key, late",2' in report_file(found, "csv", ON)


def test_amounts_of_two_currencies_are_in_no_sum_together() -> None:
    found = table([row(), row(currency="JPY", outstanding=7)], columns=["sum:outstanding"])
    assert found.rows == [["EUR", Money(1000, "EUR")], ["JPY", Money(7, "JPY")]]


def test_an_empty_source_has_no_rows() -> None:
    found = table([], columns=["count"], group_by=["segment"])
    assert (found.rows, found.left_out, found.totals) == ([], 0, ())


def test_a_file_has_the_table_and_no_formula() -> None:
    rows = [row(number="=1+1", outstanding=-123456), row(number='a "b", c', due_on=None)]
    columns = ["number", "outstanding", "due_on", "instalment"]
    found = table(rows, columns=columns)
    content = report_file(found, "csv", ON)
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert lines == [
        [*columns, "currency"],
        ["'=1+1", "-1234.56", "2026-03-31", "", "EUR"],
        ['a "b", c', "10.00", "", "", "EUR"],
    ]
    book = report_file(found, "xlsx", ON)
    assert book == report_file(found, "xlsx", ON)
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "<v>-1234.56</v>" in sheet


def test_conditions_on_a_merged_customer_are_those_of_its_survivor() -> None:
    document = {"source": "open_items", "columns": ["number"]} | where("customer_id", "is", "double", "x")
    plan = plan_of(DocumentBody.model_validate(document).to_document())
    found = ReportRows(plan, ON, {"double": "survivor", "x": "x"}.__getitem__)
    assert found.add([row(customer_id=each) for each in ("survivor", "other", None)]) == 1


def test_a_mean_is_a_number_in_a_sheet() -> None:
    rows = [row(days_past_due=1), row(days_past_due=2)]
    found = table(rows, columns=["mean:days_past_due"], group_by=["segment"])
    with zipfile.ZipFile(io.BytesIO(report_file(found, "xlsx", ON))) as parts:
        assert "<v>1.50</v>" in parts.read("xl/worksheets/sheet1.xml").decode()
    assert b"1.50" in report_file(found, "csv", ON)


def test_the_name_of_a_file_needs_no_encoding() -> None:
    assert file_name('Créances "anciennes"\r\n', ON, "csv") == "creances-anciennes-2026-03-31.csv"
    assert file_name("a" * 200, ON, "csv") == f"{'a' * 60}-2026-03-31.csv"
    assert file_name("報告", ON, "xlsx") == "report-2026-03-31.xlsx"
