"""Services that go away and come back while a command follows them."""

from __future__ import annotations

import json
import threading
from datetime import date
from typing import Any

import pytest

from encours.cli import api, clock, events, imports
from encours.cli.api import Api, Outage
from encours.cli.common import CliError, Exit, installation, progress

DAY = date(2026, 3, 31)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_RETRY_S", 0.05)
    monkeypatch.setattr(api, "_OUTAGE_MAX_S", 10.0)
    monkeypatch.setattr(events, "_RECONNECT_S", 0.05)


def _state(state: str) -> dict[str, Any]:
    return {"ledger": "books", "state": state, "day": None, "error": None, "today": None, "events_waiting": 0}


def test_the_clock_is_followed_through_an_answer_503(
    services: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = iter([(202, _state("advancing")), (503, {"title": "Away"}), (503, {}), (200, _state("idle"))])
    services.answer = lambda _: next(answers)
    with services.up(), Api(installation(), "books") as client:
        clock.advance_to(client, "books", DAY)
    assert capfd.readouterr().err.count("trying again") == 1


def test_an_import_is_followed_while_its_service_is_started_again(services: Any) -> None:
    services.answer = lambda _: (200, {"id": "imp_1", "state": "reading"})
    with Api(installation(), "books") as client, progress() as bar:
        with services.up():
            accepted = client.get("invoice", "/v1/imports/imp_1")
        services.answer = lambda _: (200, {"id": "imp_1", "state": "completed"})
        done = threading.Event()

        def later() -> None:
            threading.Event().wait(0.5)
            with services.up():
                done.wait(10)

        thread = threading.Thread(target=later)
        thread.start()
        verdict = imports._followed(client, bar, accepted, Outage(""))
        done.set()
        thread.join()
    assert verdict["state"] == "completed"


def test_a_long_outage_ends_with_what_to_do_then(services: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_OUTAGE_MAX_S", 0.2)
    services.answer = lambda _: (202, _state("advancing")) if len(services.asked) == 1 else (503, {})
    with services.up(), Api(installation(), "books") as client, pytest.raises(CliError) as end:
        clock.advance_to(client, "books", DAY)
    assert "encours clock show books" in str(end.value)
    assert end.value.code == Exit.UNREACHABLE


def test_a_refusal_is_no_outage(services: Any) -> None:
    services.answer = lambda _: (202, _state("advancing")) if len(services.asked) == 1 else (403, {})
    with services.up(), Api(installation(), "books") as client, pytest.raises(CliError) as end:
        clock.advance_to(client, "books", DAY)
    assert end.value.code == Exit.REFUSED


def test_following_events_goes_on_where_a_stream_ended(services: Any) -> None:
    """Each stream ends after two events, and one time the service is not there."""

    def answer(request: Any) -> tuple[int, Any]:
        if len(services.asked) == 2:
            return 503, {"title": "Away"}
        after = int(request.path.partition("after=")[2].partition("&")[0])
        lines = [f"data: {json.dumps({'position': after + n})}\n\n" for n in (1, 2)]
        return 200, ("retry: 1000\n\n" + "".join(lines)).encode()

    services.answer = answer
    with services.up(), Api(installation(), "books") as client:
        live = events._live(client, 10, type_=None, stream=None)
        assert [next(live)["position"] for _ in range(6)] == [11, 12, 13, 14, 15, 16]


def test_following_events_gives_up_when_nothing_answers(
    services: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "_OUTAGE_MAX_S", 0.2)
    with Api(installation(), "books") as client, pytest.raises(CliError) as end:
        next(events._live(client, 10, type_=None, stream=None))
    assert end.value.code == Exit.UNREACHABLE
