"""Files of banks: what is read of each format, and what is refused by name."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.contracts.events.money.bank import CsvMap
from encours.kernel.errors import DomainError
from encours.testing.bank_files import Booked, camt, cfonb120, damaged, mt940, ofx
from invoice_svc.bank.reading import read, read_csv
from invoice_svc.domain.bank_statement.content import StatedContent

DAY = date(2026, 6, 1)
MIXED = (
    Booked(12_000, DAY, "FACT 2026-000002", "R1"),
    Booked(-1_999, DAY, "fee", "R2"),
    Booked(5, DAY, "x", "R3"),
)
MAP = CsvMap(
    delimiter=";", decimal="comma", encoding="cp1252", date_format="%d/%m/%Y", booked_on="Date", value_on=None,
    amount=None, credit="Crédit", debit="Débit", balance="Solde", reference=None, party=None, party_account=None,
    text=("Libellé",),
)  # fmt: skip


def only(data: bytes) -> StatedContent:
    (content,) = read(data)
    return content


def refused(data: bytes) -> tuple[str, str]:
    with pytest.raises(DomainError) as caught:
        read(data)
    return caught.value.code, caught.value.detail


def mt(*fields: str) -> bytes:
    return "\n".join((":20:X", ":25:FR7630006000011234567890189", ":28C:1/1", *fields)).encode()


WORD = st.text("ABCDEFGHIJ 0123456789", max_size=20).map(lambda text: " ".join(text.split()))
LINES = st.lists(
    st.builds(
        Booked,
        minor=st.integers(-(10**9), 10**9).filter(bool),
        on=st.dates(date(2026, 1, 1), date(2026, 6, 1)),
        text=WORD.map(lambda text: text and f"T {text}".strip()),
        reference=st.integers(1, 10**9).map(lambda n: f"REF{n}"),
    ),
    max_size=6,
)
WRITERS: dict[str, Callable[..., bytes]] = {"camt": camt, "mt940": mt940, "cfonb120": cfonb120, "ofx": ofx}


@pytest.mark.parametrize("name", WRITERS)
@given(lines=LINES, opening=st.integers(-(10**9), 10**9))
def test_what_a_bank_writes_is_what_is_read(name: str, lines: list[Booked], opening: int) -> None:
    content = only(WRITERS[name](lines, opening))
    assert content.format == name
    assert [(x.amount_minor, x.booked_on, x.references.bank) for x in content.lines] == [
        (x.minor, x.on, x.reference) for x in lines
    ]
    assert [x.text or "" for x in content.lines] == [x.text.strip() for x in lines]
    if name != "ofx":
        assert content.opening is not None
        assert content.closing is not None
        assert content.opening.amount_minor + content.booked_minor == content.closing.amount_minor


@pytest.mark.parametrize("version", ["01", "02", "04", "06", "08", "13"])
def test_every_version_of_camt_is_read(version: str) -> None:
    line = Booked(100, DAY, "text", "R1", "Dupont", "E2E", "RF18539007547034", "AC04")
    (read_line,) = only(camt([line], version=version)).lines
    assert (read_line.text, read_line.party.name, read_line.return_code) == ("text", "Dupont", "AC04")
    assert (read_line.references.end_to_end, read_line.references.creditor) == ("E2E", "RF18539007547034")
    assert read_line.bank_code == "PMNT-RCDT-ESCT"


@pytest.mark.parametrize(("message", "kind"), [("052", "intraday"), ("053", "statement"), ("054", "advice")])
def test_reports_and_advices_are_told_from_statements(message: str, kind: str) -> None:
    assert only(camt(MIXED, message=message)).kind == kind


def test_a_batch_entry_is_opened_into_its_transactions() -> None:
    batch = Booked(300, DAY, reference="B1", parts=((100, "one"), (250, "two"), (-50, "three")))
    content = only(camt([batch]))
    assert [(x.amount_minor, x.text, x.batch) for x in content.lines] == [
        (100, "one", "B1"), (250, "two", "B1"), (-50, "three", "B1"),
    ]  # fmt: skip
    assert content.remarks == ()


def test_a_batch_that_does_not_add_up_stays_one_line_and_is_named() -> None:
    content = only(camt([Booked(300, DAY, reference="B1", parts=((100, "one"), (100, "two")))]))
    assert [(x.amount_minor, x.text, x.batch) for x in content.lines] == [(300, "one two", None)]
    assert content.remarks == (
        "Stmt 1, entry 1: the transactions add up to 2.00, the entry is 3.00; one line.",
    )


@pytest.mark.parametrize(
    "data",
    [camt(MIXED, 500, closing_minor=0), mt940(MIXED, 500, closing_minor=0)],
    ids=["camt", "mt940"],
)
def test_balances_that_disagree_are_refused_with_the_difference(data: bytes) -> None:
    code, detail = refused(data)
    assert code == "bank-statement-unbalanced"
    assert "5.00 + 100.06 is not 0.00 EUR; the difference is 105.06." in detail


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE Document>",
        '<!DOCTYPE Document SYSTEM "http://localhost/x.dtd">',
        '<!DOCTYPE Document [<!ENTITY a "x">]>',
        '<!DOCTYPE Document [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
    ],
)
def test_xml_that_declares_anything_is_refused(prolog: str) -> None:
    data = camt(MIXED, prolog=prolog)
    assert refused(data)[0] == "xml-with-declarations"
    in_utf16 = data.decode().replace("UTF-8", "UTF-16").encode("utf-16")
    assert refused(in_utf16)[0] == "xml-with-declarations"
    assert (
        refused(b"<?xml version='1.0'?>\n" + prolog.encode() + b"<OFX></OFX>")[0] == "xml-with-declarations"
    )


def test_a_day_that_does_not_exist_is_named_and_not_put_right() -> None:
    """Banks that count 30 days to a month date a value 30 February."""
    content = only(mt(":60F:C160229EUR10,", ":61:1602300301D6,NMSCNONREF", ":62F:C160301EUR4,"))
    assert [(x.booked_on, x.value_on) for x in content.lines] == [(date(2016, 3, 1), None)]
    assert content.remarks == ("Line 5, field :61:: the value date 160230 does not exist; there is none.",)
    code, detail = refused(mt(":60F:C160229EUR10,", ":61:160230D6,NMSCNONREF", ":62F:C160301EUR4,"))
    assert (code, detail) == ("bank-file-invalid", "Line 5, field :61:: 160230 is not a date.")


@pytest.mark.parametrize(
    ("value", "entry", "booked_on"),
    [
        ("251231", "0102", date(2026, 1, 2)),
        ("260102", "1231", date(2025, 12, 31)),
        ("260601", "", date(2026, 6, 1)),
    ],
)
def test_the_year_of_a_day_of_entry_is_the_nearest(value: str, entry: str, booked_on: date) -> None:
    content = only(mt(f":60F:C{value}EUR0,", f":61:{value}{entry}C1,NTRFNONREF", f":62F:C{value}EUR1,"))
    assert content.lines[0].booked_on == booked_on


@pytest.mark.parametrize(("mark", "minor"), [("C", 100), ("D", -100), ("RC", -100), ("RD", 100), ("CR", 100)])
def test_a_reversal_of_a_credit_takes_money_away(mark: str, minor: int) -> None:
    closing = f"{'C' if minor > 0 else 'D'}260601EUR1,"
    (line,) = only(mt(":60F:C260601EUR0,", f":61:260601{mark}1,NTRFNONREF", f":62F:{closing}")).lines
    assert (line.amount_minor, line.is_reversal) == (minor, mark in ("RC", "RD"))


def test_the_fields_of_german_and_dutch_banks_are_told_apart() -> None:
    german = (
        ":86:166?00GUTSCHRIFT?20EREF+E-17?21MREF+M-4?22SVWZ+FACT 2026-0000?2302 MERCI?30BICX"
        "?31DE89370400440532013000?32Müller?33 GmbH"
    )
    dutch = ":86:/TRTP/SEPA/IBAN/NL91ABNA0417164300/NAME/De Vries/REMI/Factuur 7/EREF/E-18"
    content = only(
        mt(
            ":60F:C260601EUR0,",
            ":61:260601C1,NTRFNONREF//B1",
            german,
            ":61:260601C1,NTRFX",
            dutch,
            ":62F:C260601EUR2,",
        )
    )
    first, second = content.lines
    assert (first.text, first.party.name, first.party.account) == (
        "FACT 2026-000002 MERCI", "Müller GmbH", "DE89370400440532013000",
    )  # fmt: skip
    assert (first.references.end_to_end, first.references.mandate, first.references.bank) == (
        "E-17",
        "M-4",
        "B1",
    )
    assert (second.text, second.party.name, second.references.end_to_end) == ("Factuur 7", "De Vries", "E-18")


def test_returns_keep_the_reason_of_the_bank() -> None:
    returned = ":86:109?00RETOURE?20SVWZ+Konto gesperrt?34903"
    content = only(mt(":60F:C260601EUR5,", ":61:260601D1,NRTINONREF", returned, ":62F:C260601EUR4,"))
    assert content.lines[0].return_code == "903"


def test_an_intraday_report_has_to_agree_with_its_own_totals() -> None:
    report = (":34F:EUR0", ":13D:2606011200+0200", ":61:260601C1,NTRFNONREF", ":90D:0EUR0,")
    assert only(mt(*report, ":90C:1EUR1,")).kind == "intraday"
    assert refused(mt(*report, ":90C:2EUR1,"))[0] == "bank-file-invalid"


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        (lambda text: text.replace("EUR2", "EUR3", 1), "'3' is not the number of decimals of EUR"),
        (lambda text: text.replace("{", "5", 1), "is not an amount with a signed last digit"),
        (lambda text: text.replace("010626", "310226", 1), "is not a date (DDMMYY)"),
        (lambda text: "\n".join(text.splitlines()[:-1]), "has no new balance (07)"),
        (lambda text: "\n".join(text.splitlines()[1:]), "before the first old balance (01)"),
        (lambda text: text.replace("\r\n", "xyz\r\n", 1), "columns instead of 120"),
    ],
)
def test_what_is_wrong_in_cfonb_is_named(fault: Callable[[str], str], detail: str) -> None:
    code, told = refused(fault(cfonb120(MIXED).decode()).encode())
    assert code == "bank-file-invalid"
    assert detail in told


def test_ofx_names_what_is_missing_and_an_error_of_the_bank() -> None:
    text = ofx(MIXED).decode()
    assert "no DTPOSTED" in refused(text.replace("<DTPOSTED>20260601120000", "", 1).encode())[1]
    failed = text.replace("<OFX>", "<OFX><STATUS><CODE>15500<SEVERITY>ERROR<MESSAGE>No</STATUS>")
    assert refused(failed.encode())[1] == "The bank answered with error 15500: No"
    assert "ends inside" in refused(text.partition("</STMTTRN>")[0].encode())[1]


def csv_file(*rows: str) -> bytes:
    return "\r\n".join(("Compte courant", "Date;Libellé;Débit;Crédit;Solde", *rows)).encode("cp1252")


def test_csv_is_read_by_its_map_in_either_order_of_days() -> None:
    rows = ("01/06/2026;VIR FACT 2;;1 200,00;1 300,00", "02/06/2026;Frais;-19,99;;1 280,01")
    for ordered in (rows, rows[::-1]):
        (content,) = read_csv(csv_file(*ordered), MAP, "EUR", "FR76")
        assert sorted(x.amount_minor for x in content.lines) == [-1_999, 120_000]
        assert content.opening is not None
        assert content.closing is not None
        assert (content.opening.amount_minor, content.closing.amount_minor) == (10_000, 128_001)


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ("31/02/2026;x;;1,00;1,00", "is not a date"),
        ("01/06/2026;x;1,00;1,00;1,00", "either Crédit or Débit"),
        ("01/06/2026;x;;1.00,5;1,00", "is not an amount"),
    ],
)
def test_what_is_wrong_in_csv_is_named(row: str, detail: str) -> None:
    with pytest.raises(DomainError, match=detail):
        read_csv(csv_file(row), MAP, "EUR", "FR76")
    with pytest.raises(DomainError, match="does not follow from the amounts"):
        read_csv(csv_file("01/06/2026;x;;1,00;1,00", "02/06/2026;x;;1,00;9,00"), MAP, "EUR", "FR76")


def test_a_format_is_not_mistaken_for_one_that_a_text_in_it_looks_like() -> None:
    assert only(camt([Booked(1, DAY, "\n:20:X\n:25:Y", "R1")])).format == "camt"
    euro = "\u20ac 5".encode("cp1252")
    assert only(mt940([Booked(1, DAY, "text")]).replace(b"text", euro)).lines[0].text == "\u20ac 5"


def test_xml_of_any_depth_is_refused() -> None:
    assert refused(b"<Document>" + b"<a>" * 100_000)[0] == "bank-file-invalid"
    assert (
        refused(b"<Document>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</Document>")[0] == "bank-file-invalid"
    )


@pytest.mark.parametrize("data", [b"", b" \n", b"hello", b"PK\x03\x04", b"%PDF-1.7", b"a;b\n1;2"])
def test_other_files_are_refused(data: bytes) -> None:
    assert refused(data)[0] == "bank-file-unknown"


def verdict(data: bytes) -> DomainError | list[StatedContent]:
    try:
        return read(data)
    except DomainError as refusal:
        return refusal


@pytest.mark.parametrize("name", WRITERS)
def test_500_damaged_files_of_each_format_are_read_or_refused(name: str) -> None:
    """Whatever is accepted balances; nothing but a refusal is raised."""
    chance = random.Random(20260601)
    whole = WRITERS[name](MIXED, 5_000)
    found = [verdict(damaged(whole, chance)) for _ in range(500)]
    refusals = [each for each in found if isinstance(each, DomainError)]
    assert {each.status for each in refusals} == {422}
    assert all(each.detail for each in refusals)
    for content in (x for each in found if isinstance(each, list) for x in each):
        if content.opening and content.closing and content.kind == "statement":
            assert content.opening.amount_minor + content.booked_minor == content.closing.amount_minor
