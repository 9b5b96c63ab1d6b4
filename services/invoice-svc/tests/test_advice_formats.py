"""Remittance advices as debtors send them: tables, letters in three languages, ISO 20022."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from encours.kernel.errors import DomainError
from encours.testing.bank_files import damaged
from invoice_svc.advices import blocks, letters, tables
from invoice_svc.advices.reading import ReadAs, StatedAdvice

EUR = ReadAs("EUR")
FRENCH = """Bonjour,

Veuillez trouver ci-dessous le détail de notre virement du 12/06/2026.
Référence du virement : TRF-4711

FAC-2026-000123    12/05/2026    1 200,00 €
Facture n° 2026-000124 du 15/05/2026 : 340,50 EUR
facture 125 12,00
Escompte code E2 : 0,50
Avoir AVO-2026-000007   -52,00
Montant du virement : 1 500,00 €

Cordialement, Tél. 01 42 33 44 55
"""
ENGLISH = """> Dear all,
> payment reference: PMT 99/A
> Invoice INV-0042 (05/12/2026)  $1,234.56
> Invoice INV-0043   65.44
> Credit note CN-9   (100.00)
> Total: USD 1,200.00
"""
GERMAN = """Sehr geehrte Damen und Herren,
Verwendungszweck: RG-Zahlung KW 24
Rechnung 4711 vom 12.06. 1.190,00 EUR
RE-2026-815 | 10.05.2026 | 240,00 | 238,00
Gutschrift 77   28,00-
Zahlbetrag 1.400,00
"""


def items(advice: StatedAdvice) -> list[tuple[str | None, int]]:
    return [(each.written, each.amount_minor) for each in advice.items]


def letter(text: str, currency: str = "EUR") -> StatedAdvice:
    return letters.read(text.encode(), ReadAs(currency), is_message=False)


def test_a_french_letter() -> None:
    found = letter(FRENCH)
    assert items(found) == [
        ("FAC-2026-000123", 120_000), ("2026-000124", 34_050), ("125", 1_150), ("AVO-2026-000007", -5_200),
    ]  # fmt: skip
    assert (found.reference, found.total_minor) == ("TRF-4711", 150_000)
    (deduction,) = found.items[2].deductions
    assert (deduction.amount_minor, deduction.code, deduction.text) == (50, "E2", "Escompte code E2 : 0,50")


def test_an_english_letter() -> None:
    found = letter(ENGLISH, "USD")
    assert items(found) == [("INV-0042", 123_456), ("INV-0043", 6_544), ("CN-9", -10_000)]
    assert (found.reference, found.total_minor) == ("PMT 99/A", 120_000)


def test_a_german_letter() -> None:
    found = letter(GERMAN)
    assert items(found) == [("4711", 119_000), ("RE-2026-815", 23_800), ("77", -2_800)]
    assert (found.reference, found.total_minor) == ("RG-Zahlung KW 24", 140_000)


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("facture 123 120,00", ("123", 12_000)),
        ("FAC 2026-1 1 120,00", ("FAC 2026-1", 112_000)),
        ("000123\t120.00", ("000123", 12_000)),
        ("No. 7: EUR 5.00", ("7", 500)),
        ("F-9 ..... 1'000.00 CHF", ("F-9", 100_000)),
        ("12 - 1.234.567,89 €", ("12", 123_456_789)),
    ],
)
def test_a_line_of_a_number_and_an_amount(line: str, read: tuple[str, int]) -> None:
    assert items(letter(line, "CHF" if "CHF" in line else "EUR")) == [read]


@pytest.mark.parametrize("line", ["Bonjour", "Tel. 01 42 33 44 55", "le 12.06.2026", "Solde 120,00", ""])
def test_a_letter_without_documents_is_refused(line: str) -> None:
    with pytest.raises(DomainError, match="No line has a document number"):
        letter(line)


def test_a_message_is_read_from_its_text_or_its_html() -> None:
    message = EmailMessage()
    message["Subject"] = "Avis de paiement"
    rows = "<tr><td>FAC-1</td><td>10,00&nbsp;&euro;</td></tr><tr><td>Total</td><td>10,00</td></tr>"
    message.set_content(f"<style>p {{}}</style><table>{rows}</table>", subtype="html")
    found = letters.read(message.as_bytes(), EUR, is_message=True)
    assert (items(found), found.total_minor) == ([("FAC-1", 1_000)], 1_000)
    message.clear_content()
    message.set_content("FAC-2  20,00\nTotal 20,00")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf")
    assert items(letters.read(message.as_bytes(), EUR, is_message=True)) == [("FAC-2", 2_000)]


TABLE = "number;amount;deduction;deduction_code\nFAC-1;1 200,00;12,50;C17\nAVO-1;-100,00;;\n"
COMMAS = ReadAs("EUR", ";", "comma")


def test_a_table_has_a_line_for_each_document() -> None:
    found = tables.read(TABLE, COMMAS)
    assert items(found) == [("FAC-1", 120_000), ("AVO-1", -10_000)]
    assert [(x.amount_minor, x.code) for x in found.items[0].deductions] == [(1_250, "C17")]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", "empty"),
        ("number;paid\nFAC-1;1", "the columns are"),
        ("number;amount\nFAC-1;1.000,5x", "is not an amount in EUR"),
        ("number;amount\n;1,00", "there is no number"),
        ("number;amount\nFAC-1;1,00;9", "3 cells under 2 columns"),
        ("number;amount;deduction\nFAC-1;1,00;-1,00", "a deduction is above 0"),
        ("number;amount;deduction_code\nFAC-1;1,00;C1", "but no amount"),
        ('number;amount\n"FAC-1;1,00', "Line 2"),
    ],
)
def test_a_fault_of_a_table_is_named_with_its_line(text: str, detail: str) -> None:
    with pytest.raises(DomainError, match=detail) as caught:
        tables.read(text, COMMAS)
    assert caught.value.code == "advice-unreadable"


def strd(number: str, amount: str, kind: str = "CINV", more: str = "") -> str:
    name = "CdtNoteAmt" if kind == "CREN" else "RmtdAmt"
    return (
        f"<Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Nb>{number}</Nb></RfrdDocInf>"
        f'<RfrdDocAmt>{more}<{name} Ccy="EUR">{amount}</{name}></RfrdDocAmt></Strd>'
    )


def camt(*remittances: str) -> bytes:
    entries = "".join(
        f'<TxDtls><Refs><EndToEndId>E{n}</EndToEndId></Refs><Amt Ccy="EUR">100.00</Amt><RltdPties><Dbtr><Pty>'
        f"<Nm>Dupont</Nm></Pty></Dbtr></RltdPties><RmtInf>{each}</RmtInf></TxDtls>"
        for n, each in enumerate(remittances, 1)
    )
    return f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><N>{entries}</N></Document>'.encode()


CUT = '<AdjstmntAmtAndRsn><Amt Ccy="EUR">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Rsn>C17</Rsn></AdjstmntAmtAndRsn>'


def test_the_structured_remittance_of_camt() -> None:
    found = blocks.read(camt(strd("FAC-1", "120.00", more=CUT) + strd("AVO-1", "20.00", "CREN")), EUR, None)
    assert items(found) == [("FAC-1", 12_000), ("AVO-1", -2_000)]
    assert (found.format, found.reference, found.total_minor, found.payer_name) == (
        "camt",
        "E1",
        10_000,
        "Dupont",
    )
    assert [(x.amount_minor, x.code) for x in found.items[0].deductions] == [(500, "C17")]


def test_of_several_remittances_the_reference_chooses_one() -> None:
    data = camt(strd("FAC-1", "100.00"), strd("FAC-2", "100.00"))
    assert items(blocks.read(data, EUR, "E2")) == [("FAC-2", 10_000)]
    with pytest.raises(DomainError, match=r"2 remittances: name one by its reference \(E1, E2\)"):
        blocks.read(data, EUR, None)


def test_a_remittance_advice_of_iso_20022() -> None:
    inner = (
        f"<RmtInf><RmtId>ADV-1</RmtId>{strd('FAC-1', '100.00')}<OrgnlPmtInf><Refs><EndToEndId>E9</EndToEndId></Refs>"
        '<Amt><InstdAmt Ccy="EUR">100.00</InstdAmt></Amt><Dbtr><Nm>Dupont</Nm></Dbtr></OrgnlPmtInf></RmtInf>'
    )
    data = f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:remt.001.001.05"><RmtAdvc>{inner}</RmtAdvc></Document>'
    found = blocks.read(data.encode(), EUR, None)
    assert (found.format, found.reference, found.total_minor, found.payer_name) == (
        "remt",
        "E9",
        10_000,
        "Dupont",
    )
    assert items(found) == [("FAC-1", 10_000)]


def test_xml_with_entities_or_without_document_numbers_is_refused() -> None:
    with pytest.raises(DomainError) as caught:
        blocks.read(b"<!DOCTYPE a><Document/>", EUR, None)
    assert caught.value.code == "xml-with-declarations"
    with pytest.raises(DomainError, match="no structured remittance"):
        blocks.read(camt("<Ustrd>FAC-1</Ustrd>"), EUR, None)


def _message() -> bytes:
    message = EmailMessage()
    message.set_content(FRENCH)
    message.add_alternative(f"<p>{FRENCH}</p>", subtype="html")
    return message.as_bytes()


READERS: dict[str, tuple[bytes, Callable[[bytes], StatedAdvice]]] = {
    "csv": (TABLE.encode(), lambda data: tables.read(data.decode("cp1252", errors="replace"), COMMAS)),
    "letter": (FRENCH.encode(), lambda data: letters.read(data, EUR, is_message=False)),
    "message": (_message(), lambda data: letters.read(data, EUR, is_message=True)),
    "camt": (camt(strd("FAC-1", "120.00", more=CUT)), lambda data: blocks.read(data, EUR, None)),
}
ROUNDS = 5_000 if os.environ.get("DEEP") else 200


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_advice_is_read_or_refused(name: str) -> None:
    whole, read = READERS[name]
    chance = random.Random(20260612)
    for _ in range(ROUNDS):
        found = verdict(read, damaged(whole, chance))
        if isinstance(found, DomainError):
            assert (found.status, bool(found.detail)) == (422, True)
        else:
            assert all("\x00" not in (each.written or "") for each in found.items)


def verdict(read: Callable[[bytes], StatedAdvice], data: bytes) -> StatedAdvice | DomainError:
    try:
        return read(data)
    except DomainError as refusal:
        return refusal
