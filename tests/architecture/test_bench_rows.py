"""Benches that fill a read model by SQL set every column that has to be set: they run too seldom to be found broken."""

import re

import pytest

from encours.projection.read_model import ReadModel
from encours.projection.rows import table_of
from reporting_svc.read_models.receivables import Receivables
from risk_svc.read_models.credit.model import Credit
from tests.bench import aged_balance, grades, past

_INSERT = re.compile(r"insert into [\w{}]+\.(\w+) \(([^)]*)\)")


@pytest.mark.parametrize(
    ("fill", "model"),
    [
        (aged_balance._FILL, Receivables()),
        (aged_balance._NAMED, Receivables()),
        (past._FILL, Receivables()),
        (grades._FILL, Credit()),
    ],
    ids=["aged_balance", "named parts", "past", "grades"],
)
def test_each_insert_of_a_bench_sets_the_columns_that_have_to_be_set(fill: str, model: ReadModel) -> None:
    tables = {row.TABLE: table_of(row) for row in model.rows}
    found = _INSERT.findall(fill)
    assert found
    for table, columns in found:
        named = set(re.split(r",\s*", columns))
        assert {each.name for each in tables[table].columns if not each.nullable} - named == set()
        assert named <= set(tables[table].names)
