"""Letters: the PDF has the message's text and amounts, the address stands in the window, texts are never markup."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pypdf import PdfReader

from dunning_svc.domain.formats import MessageLang, day
from dunning_svc.domain.message.shipped import LANGUAGES
from dunning_svc.outbox.letters import letter_path, letter_pdf, write_once
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.use_cases.messages import written
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.kernel.money import money_text
from tests.histories.letters import CREDITOR, CUSTOMER, REM, items, reminder

MM = 72 / 25.4


def letter(
    asked: ReminderRequested, customer: DebtorRow = CUSTOMER, creditor: CreditorRow = CREDITOR
) -> PdfReader:
    message = written(asked, customer, creditor).message
    return PdfReader(io.BytesIO(letter_pdf(message, asked, customer, creditor)))


def text_of(pdf: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in pdf.pages)


def places(pdf: PdfReader) -> Iterator[tuple[str, float, float]]:
    """Yield each text of the first page with its place, in millimetres from the top left corner."""
    found: list[tuple[str, float, float]] = []
    page = pdf.pages[0]

    def visit(text: str, matrix: list[float], text_matrix: list[float], _font: Any, _size: float) -> None:
        if text.strip():
            x = matrix[0] * text_matrix[4] + matrix[4]
            y = matrix[3] * text_matrix[5] + matrix[5]
            found.append((text.strip(), x / MM, (float(page.mediabox.height) - y) / MM))

    page.extract_text(visitor_text=visit)
    yield from found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_letter_has_text_amounts_account_and_reference_of_the_message(lang: MessageLang) -> None:
    text = text_of(letter(reminder(3, language=lang)))
    for n in range(3):
        assert f"FAC-2026-{n}" in text
        assert money_text(123_456 + n, "EUR", lang) in text
    assert text.count(money_text(3_789, "EUR", lang)) == 3, "the disputed share of each"
    assert money_text(120_000, "EUR", lang) in text
    assert text.count("FR7630006000011234567890189") == 1
    assert day(date(2026, 4, 30), lang) in text
    assert REM in text


def test_the_same_letter_is_the_same_bytes_whose_only_date_is_that_of_the_decision() -> None:
    asked = reminder()
    message = written(asked, CUSTOMER, CREDITOR).message
    first, second = (letter_pdf(message, asked, CUSTOMER, CREDITOR) for _ in range(2))
    assert first == second
    assert b"2026-04-30" in first
    later = letter_pdf(message, reminder(day=date(2026, 5, 1)), CUSTOMER, CREDITOR)
    assert later != first
    metadata = PdfReader(io.BytesIO(first)).metadata
    assert metadata is not None
    assert (metadata.title, metadata.author) == (message.subject, CREDITOR.name)
    dates = {str(metadata[name]) for name in ("/CreationDate", "/ModDate")}
    assert dates == {"D:20260430000000Z"}


@pytest.mark.parametrize(
    ("country", "left_mm", "top_mm"), [("FR", (100, 190), (55, 79)), ("DE", (20, 105), (62.7, 90))]
)
def test_the_addressee_stands_where_envelopes_of_the_creditors_country_have_their_window(
    country: str, left_mm: tuple[float, float], top_mm: tuple[float, float]
) -> None:
    pdf = letter(reminder(), creditor=replace(CREDITOR, country=country))
    in_window = [
        text
        for text, x, y in places(pdf)
        if left_mm[0] <= x <= left_mm[1] and top_mm[0] <= y <= top_mm[1] and text != REM
    ]
    assert [text for text in in_window if text in CUSTOMER.name or text in (CUSTOMER.address or "")]
    joined = " ".join(in_window)
    assert joined.startswith("<Débiteur> SARL 2 place Bellecour 69002 Lyon")


ABROAD = replace(CUSTOMER, address="Hafenstraße 3\n20095 Hamburg\nDE")


def test_no_country_is_named_on_a_letter_within_it() -> None:
    lines = text_of(letter(reminder())).splitlines()
    assert not {"FR", "FRANCE"} & set(lines)
    assert lines.count("69000 Lyon") == 2, "of the creditor: at the top and after the text"


@pytest.mark.parametrize(
    ("origin", "to_germany", "sender"),
    [("FR", "ALLEMAGNE", "FRANCE"), ("AT", "DEUTSCHLAND", "ÖSTERREICH"), ("GB", "GERMANY", "UNITED KINGDOM")],
)
def test_a_letter_abroad_names_both_countries_in_the_language_of_the_sending_one(
    origin: str, to_germany: str, sender: str
) -> None:
    creditor = replace(CREDITOR, country=origin, address=f"1 rue du Lac\n69000 Lyon\n{origin}")
    text = text_of(letter(reminder(), ABROAD, creditor))
    assert f"20095 Hamburg\n{to_germany}" in text
    assert text.count(f"69000 Lyon\n{sender}\n") == 2, "at the top and after the text"
    assert not {"DE", origin} & set(text.splitlines())


def test_a_mail_to_a_customer_abroad_names_the_country_of_the_creditor() -> None:
    mailed = replace(CUSTOMER, address=None, country="DE")
    assert "69000 Lyon\nFRANCE\n" in written(reminder(channel="email"), mailed, CREDITOR).message.text
    at_home = written(reminder(channel="email"), replace(mailed, country=""), CREDITOR).message.text
    assert "69000 Lyon\ncompta@dupont.example" in at_home


def test_a_long_list_of_invoices_continues_on_numbered_pages_under_the_same_head() -> None:
    pdf = letter(reminder(60))
    pages = [page.extract_text() for page in pdf.pages]
    assert len(pages) == 4
    assert all(f"{number} / 4" in page for number, page in enumerate(pages, start=1))
    assert all("Échéance" in page for page in pages[:3])
    assert all(f"FAC-2026-{n}\n" in "".join(pages) for n in range(60))


@pytest.mark.parametrize(
    "attack",
    [
        '#read("/etc/passwd")',
        "#import sys: inputs; #panic()",
        "*bold* _it_ $x$ `raw` @ref <label> = head",
        '"); panic(" \\u{41} // /* */',
        "]#set page(width: 1mm)[",
        '{"parts": []}',
    ],
)
def test_texts_are_printed_as_they_are_and_never_read_as_markup(attack: str) -> None:
    creditor = replace(CREDITOR, name=attack, address=f"{attack}\n69000 Lyon\nFR", email=attack)
    customer = replace(CUSTOMER, name=attack, address=f"{attack}\n69002 Lyon\nFR")
    item = replace(items(1)[0], number=attack)
    pdf = letter(reminder(items=(item,)), customer, creditor)
    assert len(pdf.pages) == 1
    # Long lines are broken; what counts is that no character is missing.
    assert "".join(text_of(pdf).split()).count("".join(attack.split())) >= 6


def test_a_letter_needs_a_postal_address_and_characters_that_can_be_printed() -> None:
    for customer, problem in (
        (replace(CUSTOMER, address=None), "no postal address"),
        (replace(CUSTOMER, name="株式会社"), "cannot be printed"),
    ):
        with pytest.raises(ValueError, match=problem):
            letter(reminder(), customer)


def test_a_letter_goes_to_the_contact_for_its_purpose() -> None:
    people = ["billing b@example.com 3 Béa Martin", "escalation e@example.com 4 Élise Dupuis"]
    known = replace(CUSTOMER, people=people)
    for channel, name in (("letter", "Béa Martin"), ("registered_letter", "Élise Dupuis")):
        assert f"À l'attention de {name}\n2 place Bellecour" in text_of(
            letter(reminder(channel=channel), known)
        )


def test_a_letter_is_written_once_and_its_digest_is_the_evidence(tmp_path: Path) -> None:
    path = letter_path(tmp_path, "demo", REM)
    evidence = write_once(path, b"a letter")
    assert evidence == f"sha256:{hashlib.sha256(b'a letter').hexdigest()} {REM}.pdf"
    assert write_once(path, b"another") == evidence
    assert path.read_bytes() == b"a letter"
    assert list(path.parent.iterdir()) == [path]
