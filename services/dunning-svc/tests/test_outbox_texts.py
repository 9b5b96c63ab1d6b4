"""Texts and e-mails, and the check of the invoices just before dispatch."""

from __future__ import annotations

import email
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import default
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from dunning_svc.__main__ import SERVICE
from dunning_svc.domain.formats import MessageLang, day, days_late
from dunning_svc.domain.ladder.explain import Withdrawal, explain
from dunning_svc.domain.ladder.recheck import suppression
from dunning_svc.domain.message.shipped import LANGUAGES, TEMPLATES
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.use_cases.messages import written
from encours.contracts.events.dunning.reminders import (
    DecisionBasis,
    DunnedItem,
    LateTerms,
    ReminderRequested,
    SuppressedStep,
    SuppressionCause,
)
from encours.kernel.ids import derived_id
from encours.kernel.money import money_text
from encours.mail.mime import email_bytes, message_id
from encours.mail.senders import Senders
from encours.mail.smtp import Mailer
from encours.testing.events import event

REM = derived_id("rem", 1)
WRITTEN_AT = datetime(2026, 4, 30, 9, tzinfo=UTC)
CREDITOR = CreditorRow(
    entity_id="ent_1", name="Atelier Dupont & Fils", country="FR", time_zone="Europe/Paris",
    address="1 rue du Lac\n69000 Lyon\nFR",
    iban="FR7630006000011234567890189", siren="732829320",
)  # fmt: skip
CUSTOMER = DebtorRow(
    customer_id="cus_1", entity_id="ent_1", name="<Débiteur> SARL", language="fr", email="compta@example.com",
    phone=None, address="2 place Bellecour\n69002 Lyon\nFR", hold_until=None, hold_cause=None, hold_position=0,
    position=2,
)  # fmt: skip
SENDERS = Senders("relances@dupont.example")


def item(number: str = "FAC-2026-1", **changes: Any) -> DunnedItem:
    usual: dict[str, Any] = {
        "invoice_id": derived_id("inv", number), "number": number, "days_past_due": 30, "step": "J+30",
        "open_minor": 123_456, "asked_minor": 123_456,
        "terms": LateTerms(penalty_rate_bps=None, indemnity_minor=4_000),
    }  # fmt: skip
    return event(DunnedItem, **(usual | changes))


def reminder(*items: DunnedItem, **changes: Any) -> ReminderRequested:
    usual: dict[str, Any] = {
        "reminder_id": REM, "day": date(2026, 4, 30), "channel": "letter", "step": "J+30", "template": "penalties",
        "items": items or (item(),), "amount_minor": 123_456,
        "basis": DecisionBasis(
            policy_id=DEFAULT_POLICY.policy_id, policy_version=1, position=9, input_events=(2, 5)
        ),
    }  # fmt: skip
    return event(ReminderRequested, **(usual | changes))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "template",
    [code for code, shipped in TEMPLATES.items() if shipped.purpose not in ("short_message", "thanks")],
)
def test_every_template_names_numbers_due_dates_amounts_total_and_creditor(
    lang: MessageLang, template: str
) -> None:
    message = written(reminder(template=template, language=lang), CUSTOMER, CREDITOR).message
    for part in (message.text, message.html.replace("&amp;", "&")):
        assert "FAC-2026-1" in part
        assert day(date(2026, 3, 31), lang) in part
        assert part.count(money_text(123_456, "EUR", lang)) == 2
        assert CREDITOR.name in part
        assert "{" not in part.replace("style", "")
    assert "FAC-2026-1" in message.subject


def test_the_means_of_payment_name_account_and_reference() -> None:
    text = written(reminder(item(), item("FAC-2026-2"), language="de"), CUSTOMER, CREDITOR).message.text
    assert f"auf das Konto {CREDITOR.iban}\nVerwendungszweck: FAC-2026-1, FAC-2026-2\n" in text


def test_credit_is_shown_and_deducted() -> None:
    text = written(reminder(credit_minor=23_456, amount_minor=100_000), CUSTOMER, CREDITOR).message.text
    assert f"déduits : {money_text(-23_456, 'EUR', 'fr')}" in text
    assert f"Total à régler : {money_text(100_000, 'EUR', 'fr')}" in text


def test_the_disputed_share_is_named_and_not_asked() -> None:
    text = written(
        reminder(item(disputed_minor=3_456, asked_minor=120_000), amount_minor=120_000), CUSTOMER, CREDITOR
    ).message.text
    assert f"non réclamé ici : {money_text(3_456, 'EUR', 'fr')}" in text


def test_what_is_announced_stands_apart_from_what_is_asked() -> None:
    coming = item("FAC-2026-9", days_past_due=-5, asked_minor=0, step="J-5", due_on=date(2026, 5, 5))
    text = written(reminder(item(), coming), CUSTOMER, CREDITOR).message.text
    assert text.index("Arrivent prochainement") < text.index("FAC-2026-9")
    assert "FAC-2026-9" not in written(reminder(item(), coming), CUSTOMER, CREDITOR).message.subject


def test_a_long_list_of_numbers_is_cut_in_the_subject_only() -> None:
    items = [item(f"FAC-{n}") for n in range(9)]
    message = written(reminder(*items), CUSTOMER, CREDITOR).message
    assert (
        message.subject
        == f"Retard de paiement : factures FAC-0, FAC-1, FAC-2 et 6 autres, {money_text(123_456, 'EUR', 'fr')}"
    )
    assert all(f"FAC-{n}" in message.text for n in range(9))


def test_names_cannot_inject_markup_nor_headers() -> None:
    creditor = CreditorRow(
        entity_id="ent_1",
        name="Évil\r\nBcc: all@example.com <b>",
        country="FR",
        time_zone="UTC",
        address=None,
        iban=None,
        siren=None,
    )
    message = written(reminder(), CUSTOMER, creditor).message
    assert "<b>" not in message.html
    mail = parse(email_bytes(
        message, identity=message_id("demo", REM), written_at=WRITTEN_AT,
        sender=SENDERS.of(creditor), to_name=CUSTOMER.name, to="compta@example.com",
    ))  # fmt: skip
    assert mail["Bcc"] is None


def test_a_name_is_shown_as_it_is_written_even_if_it_looks_like_an_encoded_word() -> None:
    creditor = replace(CREDITOR, name="=?utf-8?q?Banque?=")
    mail = parse(email_bytes(
        written(reminder(), CUSTOMER, creditor).message, identity=message_id("demo", REM), written_at=WRITTEN_AT,
        sender=SENDERS.of(creditor), to_name=CUSTOMER.name, to="compta@example.com",
    ))  # fmt: skip
    assert mail["From"].addresses[0].display_name == "=?utf-8?q?Banque?="


def test_a_mail_has_both_parts_an_identity_that_follows_from_the_reminder_and_the_same_bytes_again() -> None:
    raw = [
        email_bytes(
            written(reminder(), CUSTOMER, CREDITOR).message,
            identity=message_id("demo", REM),
            written_at=WRITTEN_AT,
            sender=SENDERS.of(CREDITOR),
            to_name=CUSTOMER.name,
            to="compta@example.com",
        )
        for _ in range(2)
    ]
    assert raw[0] == raw[1]
    assert raw[0].isascii()
    assert max(len(line) for line in raw[0].split(b"\r\n")) <= 78
    assert raw[0].count(b"\n") == raw[0].count(b"\r\n")
    mails = [parse(each) for each in raw]
    assert mails[0]["Message-ID"] == mails[1]["Message-ID"] == f"<{REM}@demo.encours.invalid>"
    assert [part.get_content_type() for part in mails[0].iter_parts()] == ["text/plain", "text/html"]
    assert mails[0]["From"].addresses[0].display_name == CREDITOR.name
    assert mails[0]["To"].addresses[0].display_name == CUSTOMER.name
    assert mails[0]["Date"].datetime == WRITTEN_AT


@pytest.mark.parametrize(
    "address", ["nobody", "a@b@c", "a b@example.com", "", "x\r\nRCPT TO:<y@example.com>"]
)
def test_what_is_no_address_is_refused_before_anything_leaves(address: str) -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        email_bytes(
            written(reminder(), CUSTOMER, CREDITOR).message, identity="<a@b>", written_at=WRITTEN_AT,
            sender=SENDERS.of(CREDITOR), to_name=CUSTOMER.name, to=address,
        )  # fmt: skip


def parse(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def test_the_suppression_says_what_was_to_be_sent() -> None:
    event = suppression(reminder(), "paid_meanwhile")
    assert (event.reminder_id, event.amount_minor, event.cause) == (REM, 123_456, "paid_meanwhile")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("smtp://127.0.0.1:2525", True),
        ("smtp://localhost", True),
        ("smtp://mailbox:1025", True),
        ("smtps://u:p@mail.example.com", False),
    ],
)
async def test_a_sandbox_may_mail_to_this_machine_and_to_the_mailbox_named_for_it(
    url: str, allowed: bool
) -> None:
    assert Mailer(url, sandbox_host="mailbox").is_for_sandboxes is allowed


NO_SERVER = (
    "",
    "http://u:secret@127.0.0.1",
    "smtp://",
    "smtp://mail:many",
    "smtp://[::1",
    "mail.example.com",
)


@pytest.mark.parametrize("url", NO_SERVER)
@pytest.mark.parametrize("process", ["api", "worker", "rebuild"])
def test_a_mail_server_address_that_is_none_ends_the_start_with_what_to_write(
    process: str, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENCOURS_LEDGER_URL", "postgresql://db/encours_ledger")
    monkeypatch.setenv("ENCOURS_STORE_URL", "postgresql://db/encours_dunning")
    monkeypatch.setenv("ENCOURS_SMTP_URL", url)
    assert SERVICE.main([process]) == 2
    told = capsys.readouterr().err
    assert "ENCOURS_SMTP_URL" in told
    assert "smtp://host:port" in told
    assert "secret" not in told


def test_words_are_those_of_the_reader() -> None:
    assert (day(date(2026, 3, 1), "fr"), day(date(2026, 3, 1), "en")) == ("01/03/2026", "1 March 2026")
    assert [days_late(n, "en") for n in (-5, 0, 1, 3)] == [
        "due in 5 days",
        "due today",
        "1 day late",
        "3 days late",
    ]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_an_explanation_names_ladder_items_neighbours_credit_and_inputs(lang: Any) -> None:
    superseded = (f"{item().invoice_id}:J+15",)
    told = explain(reminder(credit_minor=100, superseded=superseded), DEFAULT_POLICY, lang)
    text = "\n".join((told.summary, *told.reasons))
    for expected in ("FAC-2026-1", "J+30", "J+60", "J+15", money_text(100, "EUR", lang), "2, 5", "9"):
        assert expected in text
    assert day(date(2026, 5, 30), lang) in text, "when the next step may come"


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("cause", get_args(SuppressionCause))
def test_a_held_step_is_explained_with_its_invoice_and_its_cause(lang: Any, cause: Any) -> None:
    held = SuppressedStep(invoice_id="inv_2", number="FAC-2026-2", step="J+60", cause=cause)
    told = explain(reminder(suppressed=(held,)), DEFAULT_POLICY, lang)
    (reason,) = [each for each in told.reasons if "FAC-2026-2" in each]
    assert "J+60" in reason
    assert "{" not in reason
    withdrawn = explain(reminder(), DEFAULT_POLICY, lang, Withdrawal(cause))
    assert reason.endswith(withdrawn.reasons[-2])


def test_the_minimum_and_the_interval_after_a_formal_notice_are_explained_in_figures() -> None:
    below, recent = (
        SuppressedStep(invoice_id="inv_2", number="FAC-2026-2", step="J+60", cause=cause)
        for cause in ("below_floor", "formal_notice_recent")
    )
    told = explain(reminder(suppressed=(below, recent)), DEFAULT_POLICY, "en")
    assert "minimum of 5.00\u00a0EUR" in "".join(told.reasons)
    assert "less than 30 days old" in "".join(told.reasons)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_suppressed_reminder_is_explained_too(lang: Any) -> None:
    told = explain(suppression(replace(reminder()), "paid_meanwhile"), DEFAULT_POLICY, lang)
    assert told.reasons[-2] in told.summary


@pytest.mark.parametrize(
    ("step", "lang", "said"),
    [
        ("J+3", "en", "The customer has no deliverable e-mail address."),
        ("J+30", "en", "The customer has no postal address."),
        ("J+60", "fr", "Le client n'a pas d'adresse postale."),
    ],
)
def test_a_missing_address_is_named_by_its_channel(step: str, lang: Any, said: str) -> None:
    unsent = replace(suppression(reminder(step=step), "paid_meanwhile"), cause="no_address")
    assert said in explain(unsent, DEFAULT_POLICY, lang).reasons


def test_a_reminder_withdrawn_before_it_left_says_so() -> None:
    told = explain(reminder(), DEFAULT_POLICY, "en", Withdrawal("paid_meanwhile", (12, 14)))
    assert "Between decision and dispatch the invoices were settled. Events after it: 12, 14." in told.reasons


def test_items_that_take_no_step_are_explained_each_in_its_way() -> None:
    covered = item("A", asked_minor=100, open_minor=100, step="")
    disputed = item("B", asked_minor=0, open_minor=50, disputed_minor=50, step="")
    listed = item("C", asked_minor=70, open_minor=70, step="")
    told = explain(reminder(covered, disputed, listed, item(), credit_minor=100), DEFAULT_POLICY, "en")
    assert "Covered by unapplied payments" in told.reasons[1]
    assert "Disputed in full" in told.reasons[2]
    assert "listed because it is due" in told.reasons[3]
