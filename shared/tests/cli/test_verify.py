"""What `encours verify` says about models that equal the ledger as far as they go."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
import typer

from encours.cli import rebuild
from encours.cli.common import Exit
from encours.cli.verify import verify

SOUND = {
    "service": "invoice-svc", "model": "invoices", "ledger": "main", "position": 7, "head": 9, "old_hash": "a",
    "new_hash": "a", "equal": True, "differing_rows": [], "parked": 0, "stopped": None, "swapped": False,
}  # fmt: skip


def _found(monkeypatch: pytest.MonkeyPatch, row: dict[str, Any]) -> None:
    done = subprocess.CompletedProcess([], 0, json.dumps([row]))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    monkeypatch.setattr(rebuild, "_check", lambda *_: None)
    monkeypatch.setenv("ENCOURS_DATABASE_URL", "postgresql://127.0.0.1/postgres")


def test_one_that_is_behind_while_it_follows_is_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    _found(monkeypatch, SOUND)
    verify("invoice")


@pytest.mark.parametrize(
    ("ill", "said"),
    [
        ({"stopped": "stopped before position 8: invoice.new is unknown"}, "stopped at 7 of 9"),
        ({"parked": 2}, "leaves out 2 parked streams"),
    ],
)
def test_one_that_has_stopped_or_leaves_streams_out_is_not_well(
    ill: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    _found(monkeypatch, SOUND | ill)
    with pytest.raises(typer.Exit) as end:
        verify("invoice")
    assert end.value.exit_code == Exit.FAILED
    shown = capfd.readouterr()
    assert said in shown.err
    assert {"head", "parked"} <= set(shown.out.split())
