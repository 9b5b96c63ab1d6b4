"""Alerts: rules as data, once per object and threshold, told to those whom the rule names."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from dunning_svc.domain.alert.commands import AcknowledgeAlert, SetAlertRule, rule_id
from dunning_svc.domain.alert.decide import acknowledge, set_rule
from dunning_svc.domain.alert.digest import LINES_MAX, digest_message, digest_payload
from dunning_svc.domain.alert.state import ALERT, ALERT_RULE
from dunning_svc.domain.collector.commands import SetTarget, collector_id
from dunning_svc.domain.collector.decide import set_target
from dunning_svc.domain.collector.ownership import Team
from dunning_svc.domain.collector.state import COLLECTOR, Collector
from dunning_svc.http.alerts.bodies import AlertRuleBody
from dunning_svc.http.targets.answers import standings_out
from dunning_svc.read_models.alerts.candidates import AlertCandidate, due_between, threshold_of
from dunning_svc.read_models.cases.rows.parties import CreditorRow
from dunning_svc.read_models.collectors.targets import CashStanding, last_day_of
from dunning_svc.use_cases.alerts import alert, days_behind, digests
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.dunning.alerts import (
    AlertAcknowledged,
    AlertAddress,
    AlertDigestRequested,
    AlertRaised,
    AlertRecipient,
    AlertRuleSet,
)
from encours.contracts.events.dunning.collectors import CollectorDefined, CollectorTargetSet
from encours.contracts.portfolios import Ownership
from encours.kernel.money import UnknownCurrency
from encours.testing.events import event
from encours.testing.history import recorded
from encours.testing.scenario import given

DAY = date(2026, 6, 10)


def rule(kind: Any = "older_than", days: int | None = 30, **fields: Any) -> AlertRuleSet:
    recipients = tuple(
        AlertRecipient(kind=each, target=target)
        for each, target in fields.pop("recipients", [("collector", None)])
    )
    usual: dict[str, Any] = {"until_days": None, "minimums": (), "language": "en", "active": True}
    return AlertRuleSet(
        rule_id=rule_id("old"),
        rule_code="old",
        kind=kind,
        days=days,
        recipients=recipients,
        **(usual | fields),
    )


def command(kind: Any = "older_than", days: int | None = 30, **fields: Any) -> SetAlertRule:
    found = rule(kind, days, **fields)
    return SetAlertRule(
        "old",
        found.kind,
        found.days,
        found.until_days,
        found.minimums,
        found.recipients,
        found.language,
        found.active,
    )


def collector(code: str, email: str | None, second: str | None = None) -> CollectorDefined:
    return event(
        CollectorDefined, collector_id=collector_id(code), collector_code=code, valid_from=DAY, last_day=None,
        email=email, second_level=second, escalation_days=5 if second else None, absences=(), portfolio=(),
    )  # fmt: skip


TEAM = Team(
    {
        "marie": Collector((collector("marie", "marie@firm.example", "paul"),)),
        "paul": Collector((collector("paul", "paul@firm.example"),)),
    },
    DAY,
)
MET = AlertCandidate(
    "inv_1", "older_than 30 2026-05-01", "ent_1", "cus_1", "FAC-1", date(2026, 5, 1), "EUR", 12_345, (4, 7)
)


def raised(found: AlertRuleSet, met: AlertCandidate = MET) -> AlertRaised:
    return alert(found, met, DAY, TEAM, {"cus_1": Ownership("marie", "marie", "portfolio")})


@pytest.mark.parametrize(
    ("target", "admitted"),
    [
        ("https://hooks.firm.example/alerts?team=1", True),
        ("https://hooks.firm.example:8443/", True),
        ("https://", False),
        ("https://name:secret@hooks.firm.example/", False),
        ("https://hooks.firm.example:99999/", False),
        ("https://[::1/", False),
        ("http://hooks.firm.example/", False),
    ],
)
def test_a_webhook_has_a_host_and_no_secret_that_the_ledger_would_keep(target: str, admitted: bool) -> None:
    body = {"kind": "overdue", "recipients": [{"kind": "webhook", "target": target}]}
    if admitted:
        assert AlertRuleBody.model_validate(body).to_command("x").recipients[0].target == target
        return
    with pytest.raises(ValidationError):
        AlertRuleBody.model_validate(body)


def test_creditors_west_of_the_ledger_are_behind_by_a_day_when_it_opens() -> None:
    known = [
        CreditorRow(entity_id=zone, name="", country="", time_zone=zone, address=None, iban=None, siren=None)
        for zone in ("Europe/Paris", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "UTC")
    ]
    assert days_behind(known, DAY, "Europe/Paris") == {"America/Los_Angeles": 1}
    assert days_behind(known, DAY, "Asia/Tokyo") == {
        "Europe/Paris": 1, "America/New_York": 1, "America/Los_Angeles": 1, "UTC": 1,
    }  # fmt: skip


def test_an_unknown_currency_of_a_minimum_is_pointed_to() -> None:
    with pytest.raises(UnknownCurrency) as refused:
        AlertRuleBody.model_validate({"kind": "overdue", "minimums": {"ABC": "1.00"}}).to_command("x")
    assert [each.pointer for each in refused.value.errors] == ["/minimums/ABC"]


def test_a_rule_is_set_once_and_replaced_as_a_whole() -> None:
    given(ALERT_RULE).when(set_rule, command()).then(rule())
    given(ALERT_RULE, rule()).when(set_rule, command()).then()
    given(ALERT_RULE, rule()).when(set_rule, command(days=60)).then(rule(days=60))


@pytest.mark.parametrize(
    ("kind", "days", "more"),
    [
        ("older_than", None, {}),
        ("overdue", 3, {}),
        ("age_zone", 90, {}),
        ("older_than", 90, {"until_days": 120}),
        ("age_zone", 120, {"until_days": 90}),
        ("run_missed", None, {"recipients": [("collector", None)]}),
        ("overdue", None, {"recipients": [("address", None)]}),
        ("overdue", None, {"recipients": [("collector", "a@firm.example")]}),
    ],
)
def test_a_rule_that_does_not_fit_its_kind_is_refused(kind: str, days: int | None, more: Any) -> None:
    given(ALERT_RULE).when(set_rule, command(kind, days, **more)).refused("alert-rule-contradiction")


@pytest.mark.parametrize(
    ("kind", "days", "until", "first", "last"),
    [
        ("near_due", 5, None, DAY, DAY + timedelta(days=5)),
        ("overdue", None, None, date.min, DAY - timedelta(days=1)),
        ("older_than", 30, None, date.min, DAY - timedelta(days=31)),
        ("age_zone", 90, 120, DAY - timedelta(days=120), DAY - timedelta(days=90)),
    ],
)
def test_the_kind_says_which_due_dates_it_is_about(
    kind: str, days: int | None, until: int | None, first: date, last: date
) -> None:
    assert due_between(rule(kind, days, until_days=until), DAY) == (first, last)


def test_each_threshold_of_an_object_is_an_alert_of_its_own_and_the_same_is_the_same() -> None:
    assert threshold_of(rule("age_zone", 90, until_days=120)) == "age_zone 90 120"
    again = raised(rule())
    assert again.alert_id == raised(rule()).alert_id
    later = AlertCandidate("inv_1", "older_than 60 2026-05-01", "ent_1", "cus_1")
    assert raised(rule(days=60), later).alert_id != again.alert_id


def test_it_is_told_to_the_collector_the_second_level_addresses_and_webhooks() -> None:
    recipients = [
        ("collector", None),
        ("second_level", None),
        ("address", "cfo@firm.example"),
        ("webhook", "https://hooks.example/1"),
        ("address", "marie@firm.example"),
    ]
    found = raised(rule(recipients=recipients))
    assert [(each.channel, each.to) for each in found.addresses] == [
        ("email", "marie@firm.example"),
        ("email", "paul@firm.example"),
        ("email", "cfo@firm.example"),
        ("webhook", "https://hooks.example/1"),
    ]
    assert found.evidence == (4, 7)
    assert alert(rule(), MET, DAY, TEAM, {"cus_1": None}).addresses == ()


def test_a_recipient_gets_one_digest_a_day_and_language_whatever_the_number_of_rules() -> None:
    other = AlertCandidate("inv_2", "older_than 30 2026-05-02", "ent_1", "cus_1")
    found = [raised(rule()), raised(rule(), other), raised(rule("overdue", None, language="fr"), other)]
    opened = recorded(DayOpened(day=DAY, late=False))
    made = digests(opened, found)
    assert [(each.language, len(each.alert_ids)) for each in made] == [("en", 2), ("fr", 1)]
    assert [each.digest_id for each in digests(opened, found)] == [each.digest_id for each in made]


def digest_of(count: int, language: Any = "en") -> tuple[AlertDigestRequested, list[AlertRaised]]:
    met = [AlertCandidate(f"inv_{n}", "t", "ent_1", "cus_1", f"F-{n}", DAY, "EUR", 100) for n in range(count)]
    found = [raised(rule(language=language), each) for each in met]
    address = AlertAddress(channel="email", to="marie@firm.example")
    ids = tuple(each.alert_id for each in found)
    digest = AlertDigestRequested(
        digest_id="alg_1", day=DAY, address=address, language=language, alert_ids=ids
    )
    return digest, found


def test_a_digest_names_customer_invoice_and_amount_and_is_bounded() -> None:
    digest, found = digest_of(2)
    message = digest_message(digest, found, {"cus_1": "Müller <b>&</b> Söhne\r\nBcc: x"})
    assert message.subject == "Alerts of 10 June 2026: 2"
    assert "invoice F-1, due 10 June 2026, 1.00\u00a0EUR" in message.text
    assert "<b>" not in message.html
    assert "\nBcc" not in message.text
    many = digest_message(*digest_of(LINES_MAX + 5, "fr"), {})
    assert "et 5 autres" in many.text
    assert many.text.count("facture F-") == LINES_MAX
    assert digest_payload(digest, found, {})["alerts"][0]["amount_minor"] == 100


def test_a_person_takes_note_once() -> None:
    found = raised(rule())
    cmd = AcknowledgeAlert(found.alert_id, "Called")
    noted = AlertAcknowledged(alert_id=found.alert_id, customer_id="cus_1", note="Called")
    given(ALERT, found).when(acknowledge, cmd).then(noted)
    given(ALERT, found, noted).when(acknowledge, cmd).then()


def test_a_webhook_is_called_by_tls_alone_and_an_address_is_one() -> None:
    for recipient in ({"kind": "webhook", "target": "http://x.example"}, {"kind": "address", "target": "no"}):
        with pytest.raises(ValueError, match="in target"):
            AlertRuleBody.model_validate({"kind": "overdue", "recipients": [recipient]})


def test_a_cash_target_is_set_for_this_month_or_a_later_one() -> None:
    record = collector("marie", None)
    cmd = SetTarget("marie", date(2026, 6, 1), "EUR", 5_000_000)
    made = CollectorTargetSet(
        collector_id=collector_id("marie"), collector_code="marie", month=cmd.month, currency="EUR",
        amount_minor=5_000_000,
    )  # fmt: skip
    given(COLLECTOR, record).when(set_target, cmd, DAY).then(made)
    given(COLLECTOR, record, made).when(set_target, cmd, DAY).then()
    past = SetTarget("marie", date(2026, 5, 1), "EUR", 1)
    given(COLLECTOR, record).when(set_target, past, DAY).refused("collector-contradiction")


def test_the_standing_shows_the_share_of_the_target() -> None:
    found = [CashStanding("marie", "EUR", 800_00, 500_00, 100_00), CashStanding("paul", "EUR", None, 7_00, 0)]
    out = standings_out("marie", date(2026, 2, 1), found)
    (standing,) = out["data"]
    assert (standing["received_percent"], standing["reached"], out["until"]) == ("62.5", False, "2026-02-28")
    assert standings_out("paul", date(2026, 2, 1), found)["data"][0]["target"] is None
    assert last_day_of(date(2028, 2, 1)) == date(2028, 2, 29)
