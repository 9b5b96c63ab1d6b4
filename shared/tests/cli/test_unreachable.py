"""Every command where the database and the services refuse, and where its arguments are wrong: one message that says
what to do next, and the documented exit code."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from encours.cli.common import Exit, installation
from encours.cli.database import database_errors
from encours.cli.main import build, main

COMMANDS = {
    "up": (),
    "down": (),
    "status": (),
    "doctor": (),
    "demo": (),
    "import": ("FILE", "--ledger", "books"),
    "clock show": ("books",),
    "clock stop": ("books",),
    "clock advance": ("books", "--to", "2026-03-31"),
    "events tail": (),
    "ledger list": (),
    "ledger address": (),
    "ledger set-aside": ("books", "7", "--reason", "damaged"),
    "ledger create": ("books",),
    "ledger export": ("books", "TARGET"),
    "ledger load": ("ARCHIVE",),
    "ledger new-epoch": ("books",),
    "keys create": ("--scope", "invoices:read", "--label", "reader"),
    "keys list": (),
    "keys revoke": ("abcdef",),
    "rebuild": ("all",),
    "replay": ("--to", "1"),
    "risk fit": (),
    "risk models": (),
    "verify": (),
    "audit export": ("main", "EVENTS"),
    "audit sql": ("xpt_1",),
    "migrate": (),
    "backup": ("TARGET",),
    "restore": ("TARGET",),
}
CODES = {"down": Exit.OK, "doctor": Exit.FAILED, "backup": Exit.USAGE, "restore": Exit.USAGE}
REFUSED = "postgresql://admin:secret@127.0.0.1:9/postgres"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment whose servers all refuse; the folder of its files."""
    monkeypatch.setenv("ENCOURS_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("ENCOURS_API_KEY", "enc_abcdef_0")
    monkeypatch.setenv("ENCOURS_DATABASE_URL", REFUSED)
    monkeypatch.setenv("ENCOURS_NATS_URL", "nats://127.0.0.1:9")
    for service in ("INVOICE", "DUNNING", "RISK", "REPORTING"):
        monkeypatch.setenv(f"ENCOURS_URL_{service}", "http://127.0.0.1:9")
    (tmp_path / "FILE").write_text("invoice_number\n")
    return tmp_path


def _encours(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["encours", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def _leaves(command: Any, path: str = "") -> Iterator[str]:
    nested = getattr(command, "commands", None)
    if nested is None:
        yield path.strip()
        return
    for name, child in nested.items():
        yield from _leaves(child, f"{path} {name}")


def test_no_command_is_left_out() -> None:
    assert set(_leaves(typer.main.get_command(build()))) == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_where_nothing_answers_a_command_says_so_and_what_to_do(
    command: str, nowhere: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(nowhere / word) if word.isupper() else word for word in COMMANDS[command]]
    if command == "ledger load":
        _archive(nowhere / "ARCHIVE")
    assert _encours(monkeypatch, *command.split(), *arguments) == CODES.get(command, Exit.UNREACHABLE)
    said = "".join(capfd.readouterr())
    assert "Traceback" not in said
    assert "secret" not in said
    assert command == "down" or "encours up" in said or "ENCOURS_DATABASE_URL" in said, said


def _archive(file: Path) -> None:
    """An archive of an empty ledger."""
    from datetime import UTC, datetime
    from gzip import GzipFile

    from encours.ledger.archive import FORMAT, Header, _Digested

    now = datetime.now(UTC)
    header = Header(
        format=FORMAT, name="books", kind="live", time_zone="UTC", clock_at=None, created_at=now, epoch=1,
        effects_from=0, head=0,
    )  # fmt: skip
    with GzipFile(file, "wb") as out:
        lines = _Digested(out)
        lines.write(header)
        lines.end()


def test_a_database_that_never_answers_is_given_up_within_seconds(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("ENCOURS_DATABASE_URL", f"postgresql://admin@127.0.0.1:{port}/postgres")
        monkeypatch.setattr("encours.postgres.connection.CONNECT_TIMEOUT_S", 0.2)
        began = time.monotonic()
        assert _encours(monkeypatch, "keys", "list") == Exit.UNREACHABLE
    assert time.monotonic() - began < 5
    assert "no answer in time" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ENCOURS_DATABASE_URL", "foo"),
        ("ENCOURS_DATABASE_URL", "postgresql://127.0.0.1:port/postgres"),
        ("ENCOURS_VAR_DIR", "/etc/passwd"),
    ],
)
@pytest.mark.parametrize("command", ["up", "ledger list", "status"])
def test_a_variable_that_cannot_be_meant_is_wrong_usage(
    command: str,
    variable: str,
    value: str,
    nowhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, value)
    assert _encours(monkeypatch, *command.split()) == Exit.USAGE
    assert variable in capfd.readouterr().err


def test_a_reader_of_the_output_that_has_left_is_no_fault_of_the_database() -> None:
    with pytest.raises(BrokenPipeError), database_errors(installation(), "postgresql://127.0.0.1/books"):
        raise BrokenPipeError
