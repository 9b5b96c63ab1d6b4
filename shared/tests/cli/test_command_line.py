"""The command line as a whole, without an installation behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from encours.cli.common import CliError, Exit, LocalInstallation, installation
from encours.cli.figures import figures
from encours.cli.main import COMMANDS, build
from encours.cli.settings import CliSettings


def _leaves(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    nested = getattr(command, "commands", None)
    if nested is None:
        yield path.strip(), command
        return
    for name, child in nested.items():
        yield from _leaves(child, f"{path} {name}")


def test_every_command_speaks_json_and_says_what_it_does() -> None:
    leaves = dict(_leaves(typer.main.get_command(build())))
    assert len(leaves) >= 18
    for name, command in leaves.items():
        assert any("--json" in option.opts for option in command.params), name
        assert command.help, name


def test_a_named_command_is_built_without_the_others() -> None:
    for name in COMMANDS:
        built: Any = typer.main.get_command(build(name))
        assert list(built.commands) == [name]


def test_a_wrong_or_unknown_variable_ends_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCOURS_DATABSE_URL", "postgresql://127.0.0.1/postgres")
    with pytest.raises(CliError, match="ENCOURS_DATABSE_URL") as unknown:
        installation()
    assert unknown.value.code == Exit.USAGE
    monkeypatch.delenv("ENCOURS_DATABSE_URL")
    monkeypatch.setenv("ENCOURS_LOG_LEVEL", "loud")
    with pytest.raises(CliError, match="ENCOURS_LOG_LEVEL"):
        installation()


def test_without_a_running_installation_the_usual_ports_are_meant(tmp_path: Path) -> None:
    here = LocalInstallation(CliSettings(var_dir=tmp_path, url_risk="https://risk.example.com/"))
    assert here.url("invoice") == "http://127.0.0.1:8001"
    assert here.url("risk") == "https://risk.example.com"
    with pytest.raises(CliError, match="ENCOURS_API_KEY") as missing:
        _ = here.api_key
    assert missing.value.code == Exit.UNREACHABLE


class _Answers:
    """Stands for the services: pages of the lists, and one answer for each figure."""

    def __init__(self, lists: dict[str, list[list[dict[str, Any]]]]) -> None:
        self._lists = lists

    def get(self, _service: str, path: str, **query: Any) -> dict[str, Any]:
        if path in self._lists:
            pages, number = self._lists[path], int(query.get("cursor") or 0)
            following = str(number + 1) if number + 1 < len(pages) else None
            return {"data": pages[number], "next_cursor": following}
        money = {"amount": "10.00", "currency": "EUR"}
        totals = dict.fromkeys(("outstanding", "overdue", "disputed", "unapplied"), money)
        return {
            "as_of": "2026-03-31",
            "position": 7,
            "currency": "EUR",
            "totals": {"customers": 1, "bands": {"not_due": money}, **totals},
            "tie_out": {"equal": True},
            **{name: {"days": 1.0} for name in ("simple", "countback", "best_possible")},
        }

    def work(self, _service: str, _path: str, body: dict[str, str]) -> dict[str, Any]:
        assert body["to"] == "2026-03-31"
        return {"decisions": 3, "equal": 2}


def _customer(score: int | None, total: str, overdue: str) -> dict[str, Any]:
    amounts = {
        "total": {"amount": total, "currency": "EUR"},
        "overdue": {"amount": overdue, "currency": "EUR"},
    }
    return {
        "name": f"{score}",
        "score": score,
        "currency": "EUR",
        "components": amounts | {"oldest_days_past_due": 0},
    }


def test_figures_count_every_page_and_put_each_score_in_one_band() -> None:
    step = {"step": "J+3", "channel": "email", "status": "sent"}
    call = {"step": "J+15", "kind": "call", "status": "open"}
    order = {"decision": "refer", "status": "consumed", "amount": {"amount": "5.00", "currency": "EUR"}}
    customers = [_customer(score, "1.10", "0.10") for score in (None, 0, 19, 20, 99, 100)]
    api: Any = _Answers(
        {
            "/v1/reminders": [[step, step], [step, {**step, "step": "J-5"}]],
            "/v1/tasks": [[call]],
            "/v1/reservations": [[order, order], [{**order, "status": "released"}]],
            "/v1/customers": [customers[:3], [*customers[3:], {**customers[0], "components": None}]],
        }
    )
    found = figures(api)
    assert [(row["step"], row["count"]) for row in found["reminders"]] == [
        ("J-5", 1),
        ("J+3", 3),
        ("J+15", 1),
    ]
    assert [(row["score"], row["customers"], row["exposure"]) for row in found["risk"]["by_score"]] == [
        ("no history", 1, "1.10"),
        ("0-19", 2, "2.20"),
        ("20-39", 1, "1.10"),
        ("80-100", 2, "2.20"),
    ]
    consumed, released = found["credit"]["orders"]
    assert (consumed["orders"], consumed["amount"], released["orders"]) == (2, "10.00", 1)
    assert (found["credit"]["decisions"], found["credit"]["equal"]) == (3, 2)
