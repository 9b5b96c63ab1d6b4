"""What the doctor makes of read models that it can and cannot read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from encours.cli import doctor, status
from encours.cli.common import installation
from encours.ledger import LedgerInfo


def _model(
    ledger: str, *, state: str = "following", lag: int = 0, age_s: float | None = 0.0
) -> dict[str, Any]:
    at = None if age_s is None else (datetime.now(UTC) - timedelta(seconds=age_s)).isoformat()
    return {
        "model": "invoices",
        "ledger": ledger,
        "position": 7,
        "lag": lag,
        "state": state,
        "updated_at": at,
    }


def _info(name: str, age_s: float) -> LedgerInfo:
    epoch = int((datetime.now(UTC).timestamp() - age_s) * 1e6)
    return LedgerInfo(1, name, epoch, "live", "Europe/Paris", None, 0, datetime.now(UTC))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    infos = [_info("a", 10), _info("b", 10_000)]
    for module in ("encours.cli.ledgers", "encours.cli.doctor"):
        monkeypatch.setattr(f"{module}.ledger_infos", lambda _: infos)
    monkeypatch.setattr(status, "LOOK_AGAIN_S", 0.0)


def test_a_ledger_that_cannot_be_read_hides_no_other_and_is_found(services: Any) -> None:
    def answer(request: Any) -> tuple[int, Any]:
        name = request.headers["encours-ledger"]
        return (500, {"title": "Broken"}) if name == "a" else (200, {"ledger": name, "data": [_model(name)]})

    services.answer = answer
    with services.up():
        rows, missing = status.read_models(installation(), None)
        assert {(row["service"], row["ledger"]) for row in rows} == {
            (f"{name}-svc", "b") for name in ("invoice", "dunning", "risk", "reporting")
        }
        assert {(gap.service, gap.ledger) for gap in missing} == {(row["service"], "a") for row in rows}
        found = [finding for finding in doctor._read_models(installation()) if not finding.ok]
    assert len(found) == 4
    assert all("in a" in finding.check and "Broken" in finding.detail for finding in found)


def test_a_service_that_is_away_is_missing_in_every_ledger(services: Any) -> None:
    rows, missing = status.read_models(installation(), None)
    assert (rows, len(missing)) == ([], 8)


@pytest.mark.parametrize(
    ("ledger", "model", "well"),
    [
        ("b", {"lag": 1, "age_s": 3600}, False),
        ("b", {"lag": 1, "age_s": 1}, True),
        ("b", {"lag": 0, "age_s": 3600}, True),
        ("b", {"lag": 2_000, "age_s": 1}, False),
        ("a", {"state": "building", "age_s": None}, True),
        ("b", {"state": "building", "age_s": None}, False),
        ("b", {"state": "reacting", "age_s": 5}, True),
        ("b", {"state": "reacting", "age_s": 3600}, False),
        ("b", {"state": "stopped", "age_s": 5}, False),
        ("b", {"state": "incomplete", "age_s": 5}, False),
    ],
)
def test_a_read_model_is_judged_by_its_state_its_lag_and_its_age(
    services: Any, ledger: str, model: dict[str, Any], well: bool
) -> None:
    services.answer = lambda _: (200, {"data": [_model(ledger, **model)]})
    with services.up():
        findings = list(doctor._read_models(installation()))
    assert {finding.ok for finding in findings} == {well}
    assert all(bool(finding.next) is not well for finding in findings)


def test_one_that_moves_while_looked_at_is_not_stuck(services: Any) -> None:
    def answer(request: Any) -> tuple[int, Any]:
        moved = len(services.asked) > 8
        return 200, {
            "data": [_model(request.headers["encours-ledger"], lag=1, age_s=3600) | {"position": moved}]
        }

    services.answer = answer
    with services.up():
        assert all(finding.ok for finding in doctor._read_models(installation()))


def test_status_and_doctor_show_the_alarm_about_forged_messages(
    services: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    detail = "3 messages were not the ledger's events"
    alarm = {"name": "stream", "ok": False, "required": False, "detail": detail}

    def answer(request: Any) -> tuple[int, Any]:
        return 200, {"status": "late", "checks": [alarm]} if request.path == "/readyz" else {"data": []}

    services.answer = answer
    with services.up():
        status.status()
        shown = capfd.readouterr()
        findings = list(doctor._services(installation()))
    assert shown.err.count(detail) == 4
    assert [finding.ok for finding in findings] == [False] * 4


def _webhook(age_s: float | None = None, **fields: Any) -> dict[str, Any]:
    oldest = None if age_s is None else (datetime.now(UTC) - timedelta(seconds=age_s)).isoformat()
    usual = {"id": "whk_1", "url": "https://hooks.firm.example/", "state": "active", "problem": None}
    return usual | {"pending": 0, "dead": 0, "oldest_pending_at": oldest} | fields


@pytest.mark.parametrize(
    ("webhook", "said", "remedy"),
    [
        (_webhook(), None, None),
        (_webhook(pending=7, age_s=60), None, None),
        (
            _webhook(state="disabled", problem="It answered 410.", dead=3),
            "webhook whk_1 to https://hooks.firm.example/ is disabled: It answered 410.",
            "POST /v1/webhooks/whk_1/replay makes it active again, or DELETE /v1/webhooks/whk_1.",
        ),
        (
            _webhook(dead=3, pending=7, age_s=7_200),
            "webhook whk_1 to https://hooks.firm.example/ has 3 dead letters.",
            "GET /v1/webhooks/whk_1/deliveries?state=dead says why; then POST /v1/webhooks/whk_1/replay "
            "{'dead_letters': true}.",
        ),
        (
            _webhook(pending=7, age_s=7_200),
            "webhook whk_1 to https://hooks.firm.example/ has 7 deliveries that wait, the oldest since ",
            "GET /v1/webhooks/whk_1/deliveries?state=pending shows the receiver's last answers.",
        ),
    ],
)
def test_status_and_doctor_name_each_webhook_that_does_not_deliver_and_the_next_step(
    services: Any,
    capfd: pytest.CaptureFixture[str],
    webhook: dict[str, Any],
    said: str | None,
    remedy: str | None,
) -> None:
    def answer(request: Any) -> tuple[int, Any]:
        return 200, {"data": [webhook] if request.path == "/v1/webhooks" else []}

    services.answer = answer
    with services.up():
        status.status()
        shown = capfd.readouterr().err
        found = list(doctor._webhooks(installation()))
    assert [(each.check, each.ok) for each in found] == ([] if said is None else [
        ("webhooks of a", False), ("webhooks of b", False),
    ])  # fmt: skip
    assert said in shown if said else "whk_1" not in shown
    for each in found:
        assert each.detail.startswith(said or "?")
        assert each.next == remedy
