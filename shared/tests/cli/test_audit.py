"""SQL over an export reads that export and nothing else."""

from pathlib import Path

import duckdb
import pytest

from encours.cli.audit.sql import Questions
from encours.cli.common import CliError


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.parquet"
    with duckdb.connect() as db:
        db.execute(
            f"copy (select 411000 as account, 1.5::decimal(18, 4) as debit) to '{path}' (format parquet)"
        )
    return path


def test_a_select_is_answered_with_its_columns(export: Path) -> None:
    with Questions(export) as questions:
        answer = questions.ask("select account, sum(debit) as debit from export group by account")
    assert (answer.columns, [str(value) for value in answer.rows[0]]) == (
        ["account", "debit"],
        ["411000", "1.5000"],
    )


@pytest.mark.parametrize(
    "statement",
    [
        "delete from export",
        "create table other (a int)",
        "select 1; select 2",
        "set enable_external_access = true",
        "copy export to '/tmp/elsewhere.csv'",
        "attach '/tmp/elsewhere.db'",
        "select * from read_text('/etc/hostname')",
        "select * from '/etc/passwd'",
        "install httpfs",
        "selec 1",
        "",
    ],
)
def test_nothing_is_changed_and_no_other_file_is_read(export: Path, statement: str) -> None:
    with Questions(export) as questions:
        with pytest.raises(CliError):
            questions.ask(statement)
        assert questions.ask("select count(*) from export").rows == [(1,)]
