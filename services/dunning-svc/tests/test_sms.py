"""Text messages: encoding and parts are counted before one is sent."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from dunning_svc.domain.formats import MessageLang
from dunning_svc.domain.message.shipped import LANGUAGES
from dunning_svc.domain.message.sms import ShortMessage, short_message
from dunning_svc.use_cases.messages import written
from tests.histories.letters import CREDITOR, CUSTOMER, reminder


@pytest.mark.parametrize(
    ("text", "encoding", "parts"),
    [
        ("a" * 160, "gsm7", 1),
        ("a" * 161, "gsm7", 2),
        ("a" * 306, "gsm7", 2),
        ("€" * 80, "gsm7", 1),
        ("a" * 159 + "€", "gsm7", 2),
        ("é" * 160, "gsm7", 1),
        ("я" * 70, "ucs2", 1),
        ("я" * 71, "ucs2", 2),
        ("я" * 134, "ucs2", 2),
        ("😀" * 35, "ucs2", 1),
        ("😀" * 66, "ucs2", 2),
    ],
)
def test_parts_are_counted_by_encoding(text: str, encoding: str, parts: int) -> None:
    short = short_message(text)
    assert (short.encoding, short.parts) == (encoding, parts)


@pytest.mark.parametrize("text", ["a" * 307, "a" * 152 + "€" * 77, "я" * 135, "😀" * 67])
def test_a_text_of_three_parts_is_not_sent(text: str) -> None:
    with pytest.raises(ValueError, match="3 parts"):
        short_message(text)


def test_accents_that_would_need_another_encoding_are_left_off_and_blanks_are_plain() -> None:
    short = short_message("Reste dû\u00a0: 1\u202f234,56\u00a0EUR – l’échéance du 3 août\nest passée.")
    assert short.text == "Reste du : 1 234,56 EUR - l'échéance du 3 aout est passée."
    assert short.encoding == "gsm7"
    assert short_message("Долг: août").text == "Долг: août"


@pytest.mark.parametrize("text", ["Facture ½ 12", "Rechnung Ⅳ", "№ 5", "m² ≠ m", "Eﬃng"])
def test_a_character_that_is_no_letter_with_an_accent_is_never_replaced(text: str) -> None:
    assert short_message(text) == ShortMessage(text, "ucs2", 1)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_shipped_text_names_creditor_amount_and_invoice_in_one_part(lang: MessageLang) -> None:
    asked = reminder(channel="sms", template="sms", language=lang)
    short = short_message(written(asked, replace(CUSTOMER, phone="+33612345678"), CREDITOR).message.text)
    assert (short.encoding, short.parts) == ("gsm7", 1)
    assert short.text.startswith("Atelier Dupont & Fils")
    assert "FAC-2026-0" in short.text
    assert "200" in short.text
