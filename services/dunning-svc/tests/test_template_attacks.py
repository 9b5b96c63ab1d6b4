"""Attacks by templates and by names: each is refused before anything runs, or is harmless text in the message."""

from __future__ import annotations

import email
import re
from datetime import UTC, date, datetime
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from dunning_svc.domain.message.language import OUTPUT_MAX, SOURCE_MAX, OutputTooLong, faults_of, fill
from dunning_svc.domain.message.render import Message, Source, compose
from dunning_svc.domain.message.shipped import LANGUAGES, TEMPLATES, shipped_source
from dunning_svc.domain.message.snapshot import MessageSnapshot, PaymentAccount
from encours.contracts.events.dunning.reminders import DunnedItem
from encours.kernel.texts import one_line
from encours.mail.mime import email_bytes
from encours.mail.senders import Sender
from encours.testing.events import event

ATTACKS = [
    line
    for line in Path(__file__).with_name("template_attacks.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
HUGE = {
    "too long": "a" * (SOURCE_MAX + 1),
    "parentheses": "{{ " + "(" * 9_000 + "count" + ")" * 9_000 + " }}",
    "negations": "{% if " + "not " * 4_000 + "count %}a{% endif %}",
    "conditions": "{% if count %}" * 700 + "{% endif %}" * 700,
    "loops": "{% for a in invoices %}" * 400 + "{% endfor %}" * 400,
    "choices": "{{ " + "1 if count else " * 1_200 + "2 }}",
    "conjunction": "{% if " + "count and " * 1_900 + "count %}a{% endif %}",
    "a mark of a block": "\ue0001\ue001",
    "a control character": "a\x00b",
    "reversed text": "\u202egnp.exe",
    "unfinished": "{{ customer",
    "a number of 5,000 digits": "{% if count == " + "9" * 5_000 + " %}a{% endif %}",
    "a digit of another script": "{{ 1_0² }}",
    "an escape that is a mark of a block": '{{ "\\ue0001\\ue001" }}',
    "an escape that is half a character": '{{ "\\ud800" }}',
    "an escape that ends a line": '{% if customer == "a\\u2028b" %}a{% endif %}',
    "an unknown escape": '{{ "\\x" }}',
    "a tag of another language": "{% load os %}",
}
NAMES = [
    "Dupont\r\nBcc: all@example.com",
    "Dupont\nSubject: other",
    "Dupont\r\n\r\n<html>",
    "Dupont\u2028Bcc: all@example.com",
    "Dupont\x85Bcc: all@example.com",
    "Dupont\x00\x1b[31m",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></tr></table><a href='https://example.com'>pay here</a>",
    '"><a href="javascript:alert(1)">x</a>',
    "javascript:alert(1)",
    "https://xn--pple-43d.com/pay",
    "https://аpple.com/pay",
    "&lt;b&gt; &amp;#60;",
    "{{ 7 * 7 }}",
    "{% for i in invoices %}x{% endfor %}",
    "$total ${total}",
    "%(total)s %s {0} {total}",
    "\ue0003\ue001",
    "\u202etnopuD",
    "\u200bDu\u2060pont\ufeff",
    "=?utf-8?q?Bank?=",
    "a" * 5_000,
    "Dup\udce9ont",
]


def item(number: str = "F-1", **changes: Any) -> DunnedItem:
    usual = {
        "number": number,
        "open_minor": 12_345,
        "asked_minor": 12_345,
        "days_past_due": 30,
        "terms": None,
    }
    return event(DunnedItem, **(usual | changes))


def snapshot(**changes: Any) -> MessageSnapshot:
    usual: dict[str, Any] = {
        "day": date(2026, 4, 30), "language": "en", "currency": "EUR", "customer": "Durand", "creditor": "Perles SA",
        "creditor_address": "1 rue du Lac\n69000 Lyon\nFR", "creditor_email": "", "creditor_country": "FR",
        "account": PaymentAccount(iban="FR76", bic="AGRIFRPP", holder="Perles SA"),
        "items": (item(),), "credit_minor": 0, "amount_minor": 12_345,
    }  # fmt: skip
    return MessageSnapshot(**(usual | changes))


def test_there_are_sixty_attacks() -> None:
    assert len(set(ATTACKS)) >= 60


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_before_it_runs(attack: str) -> None:
    assert faults_of(attack)
    with pytest.raises(ValueError):
        compose(Source("Reminder", attack), snapshot())


@pytest.mark.parametrize("kind", HUGE)
def test_a_source_that_only_costs_time_or_memory_is_refused(kind: str) -> None:
    assert faults_of(HUGE[kind])


def test_an_unknown_name_is_refused_with_those_that_exist_even_where_it_is_never_reached() -> None:
    (fault,) = faults_of("Hello\n{% if count == 99 %}{{ custommer }}{% endif %}")
    assert fault.line == 2
    assert "`custommer`" in fault.detail
    assert "customer" in fault.detail
    assert "total_amount" in fault.detail


def test_the_text_of_a_message_is_bounded_however_many_invoices_it_repeats() -> None:
    items = tuple(item(f"F-{n}") for n in range(50))
    assert (
        fill("{% for i in invoices %}{{ i.number }}{% endfor %}", {"invoices": [{"number": "F"}] * 9})
        == "F" * 9
    )
    with pytest.raises(OutputTooLong):
        compose(
            Source("s", "{% for i in invoices %}" + "a" * (OUTPUT_MAX // 40) + "{% endfor %}"),
            snapshot(items=items),
        )


def test_a_tag_on_a_line_of_its_own_leaves_no_line() -> None:
    source = (
        "Invoices:\n{% for i in invoices %}\n- {{ i.number }}, {{ i.due }}: {{ i.open }}\n{% endfor %}\n\nEnd"
    )
    text = compose(Source("s", source), snapshot(items=(item(), item("F-2")))).text
    assert (
        text.replace("\u00a0", " ")
        == "Invoices:\n- F-1, 31 March: 123.45 EUR\n- F-2, 31 March: 123.45 EUR\n\nEnd\n"
    )


def test_a_value_is_the_same_in_text_and_html_and_markup_of_the_author_is_text() -> None:
    message = compose(Source("<b>{{ numbers }}</b>", "<b>{{ customer }}</b> & co: {{ total }}"), snapshot())
    assert message.subject == "<b>F-1</b>"
    assert "<b>Durand</b> & co: Total to pay:" in message.text
    assert "&lt;b&gt;Durand&lt;/b&gt; &amp; co: Total to pay:" in message.html


class Tags(HTMLParser):
    """Collects tags, attributes and text of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Tags:
    parser = Tags()
    parser.feed(html)
    return parser


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
@pytest.mark.parametrize("template", ["first", "penalties"])
def test_a_name_changes_neither_headers_nor_markup_nor_other_words(name: str, template: str) -> None:
    def mailed(text: str) -> tuple[Message, Any]:
        content = snapshot(
            customer=text, creditor=text, creditor_address=f"{text}\n{text}", items=(item(text),),
            account=PaymentAccount(iban="FR76", bic=text, holder=text),
        )  # fmt: skip
        message = compose(shipped_source(template, "en"), content)
        raw = email_bytes(
            message, identity="<rem_1@demo.invalid>", written_at=datetime(2026, 4, 30, tzinfo=UTC),
            sender=Sender(text, "a@localhost"), to_name=text, to="b@example.com",
        )  # fmt: skip
        return message, email.message_from_bytes(raw, policy=default)

    message, mail = mailed(name)
    plain_message, plain_mail = mailed("Dupont")
    assert mail.keys() == plain_mail.keys()
    assert mail["Bcc"] is None
    assert [each.addr_spec for each in mail["To"].addresses] == ["b@example.com"]
    shown, expected = read(message.html), read(plain_message.html)
    assert shown.tags.count("a") == shown.tags.count("script") == shown.tags.count("img") == 0
    assert [tag for tag in shown.tags if tag != "br"] == [tag for tag in expected.tags if tag != "br"]
    assert shown.attributes == expected.attributes
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\u2028\u202e\u200b\ue000-\uf8ff]", message.subject + message.text
    )
    assert "\n" not in message.subject
    cut = one_line(name)[:300]
    assert message.text.count("123.45\u00a0EUR") == plain_message.text.count("123.45\u00a0EUR")
    assert cut in message.text
    assert cut in shown.text


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("code", TEMPLATES)
def test_shipped_templates_are_written_in_the_language_of_templates(code: str, lang: Any) -> None:
    source = shipped_source(code, lang)
    assert faults_of(source.subject) == faults_of(source.text) == []


def test_a_subject_says_which_invoice_and_since_when() -> None:
    one = {
        lang: compose(
            shipped_source("first", lang),
            snapshot(language=lang, items=(item("538812", due_on=date(2026, 1, 28)),)),
        ).subject
        for lang in LANGUAGES
    }
    assert one == {
        "en": "Payment reminder: invoice 538812, due 28 January",
        "fr": "Relance : facture 538812, échue le 28 janvier",
        "de": "Zahlungserinnerung: Rechnung 538812, fällig seit dem 28. Januar",
    }
    before = snapshot(items=(item("7", due_on=date(2025, 12, 1)),))
    assert (
        compose(shipped_source("first", "en"), before).subject
        == "Payment reminder: invoice 7, due 1 December 2025"
    )
