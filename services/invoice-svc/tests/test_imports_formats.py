"""Files as Excel, banks and accounting programs save them: read in the only way there is, or refused."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from encours.kernel.money import exponent
from invoice_svc.imports.csv_lines import Defaults, Parsed, parse_line, parse_map, read_header
from invoice_svc.imports.events import ImportedInvoice
from invoice_svc.imports.formats.amounts import NumberStyle
from invoice_svc.imports.formats.records import read_records
from invoice_svc.imports.formats.refusals import UnclearFormat
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.imports.grouping import Grouped, LineGroups
from invoice_svc.imports.ndjson_lines import parse_line as parse_ndjson
from invoice_svc.imports.refusals import InvalidColumnMap, InvalidHeader, LineWithoutInvoice
from invoice_svc.imports.survey import DELIMITERS, FormatOptions, Survey, survey

MAP = parse_map("invoice_number=Numero,issued_on=Date,due_on=Echeance,amount=Montant,customer=Client")
HEADER = "Numero;Date;Echeance;Montant;Client"
ROW = "{n};03/02/2025;05/03/2025;{amount};C1"


def surveyed(data: bytes, **given: object) -> Survey:
    return survey(io.BytesIO(data), FormatOptions(**({"column_map": MAP} | given)))  # type: ignore[arg-type]


def totals(data: bytes, currency: str = "EUR", **given: object) -> dict[str, int | str]:
    """Return total, or the code of the fault, by invoice number."""
    found = surveyed(data, currency=currency, **given)
    defaults = Defaults(currency, "FR", "%d/%m/%Y", found.format.style)
    read: dict[str, int | str] = {}
    for record in read_records(io.BytesIO(data), offset=found.offset, line=found.line, form=found.form):
        try:
            if isinstance(record.text, Fault):
                raise record.text
            event = parse_line(record.text, found.header, found.format.delimiter, defaults).events[0]
            assert isinstance(event, ImportedInvoice)
            read[event.number] = event.total_minor
        except Fault as fault:
            read[str(record.line)] = fault.code
    return read


def csv(*amounts: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *(ROW.format(n=f"F-{n}", amount=a) for n, a in enumerate(amounts, 1))]).encode()


def test_french_excel_is_read_as_it_is_saved_and_what_was_found_is_known() -> None:
    """Taken as UTF-8 with commas, every line of it was rejected."""
    text = "N\u00b0 facture;Date;\u00c9ch\u00e9ance;Montant TTC;Client\r\n"
    text += "F-1;03/02/2025;05/03/2025;1\u00a0234,56;Caf\u00e9 No\u00ebl\r\n"
    text += "F-2;03/02/2025;05/03/2025;200,00;Caf\u00e9 No\u00ebl\r\n"
    column_map = parse_map(
        "invoice_number=N\u00b0 facture,issued_on=Date,due_on=\u00c9ch\u00e9ance,amount=Montant TTC,customer=Client"
    )
    data = text.encode("cp1252")
    found = surveyed(data, column_map=column_map).format
    assert (found.encoding, found.delimiter_name, found.decimal, found.thousands, found.given) == (
        "windows-1252", "semicolon", "comma", "no-break space", (),
    )  # fmt: skip
    assert totals(data, column_map=column_map) == {"F-1": 123_456, "F-2": 20_000}


def test_a_point_before_three_digits_is_refused_until_the_caller_says_what_it_is() -> None:
    """1.000 was read as one, 45.990 as 45.99."""
    data = csv("1.000", "12.500", "1.234", "1.111,11", "45.990")
    with pytest.raises(UnclearFormat, match=r"line 2 has '1\.000'.*decimal=comma"):
        surveyed(data)
    assert list(totals(data, decimal="comma").values()) == [100_000, 1_250_000, 123_400, 111_111, 4_599_000]
    assert list(totals(data, decimal="point").values()) == [
        100,
        1_250,
        "too-many-decimals",
        "invalid-amount",
        4_599,
    ]


@pytest.mark.parametrize(
    "amounts", [("12,50", "12.50"), ("1.234.567", "12.50"), ("1,000",), ("7.50", "1.000")]
)
def test_amounts_that_are_written_in_two_ways_are_refused(amounts: tuple[str, ...]) -> None:
    with pytest.raises(UnclearFormat):
        surveyed(csv(*amounts))


def test_three_decimals_are_usual_where_the_currency_has_them() -> None:
    assert totals(csv("1.234", "0.500"), "KWD") == {"F-1": 1_234, "F-2": 500}
    assert totals(csv("1.234", "2,5"), "KWD") == {"F-1": 1_234_000, "F-2": 2_500}
    with pytest.raises(UnclearFormat):
        surveyed(csv("1.234"), currency="KWD")


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ("1 234,56 \u20ac", 123_456),
        ("EUR 1\u202f234,56", 123_456),
        ("1'234,50", 123_450),
        ("1.234.567,00", 123_456_700),
    ],
)
def test_grouped_digits_and_the_currencys_sign_are_understood(written: str, minor: int) -> None:
    assert totals(csv(written, "0,50")) == {"F-1": minor, "F-2": 50}


@pytest.mark.parametrize("written", ["12 34,00", "1.23.456,00", "1 234.567,00", "1,2,3"])
def test_digits_in_odd_groups_are_no_amount(written: str) -> None:
    assert totals(csv(written, "0,50"), decimal="comma") == {"2": "invalid-amount", "F-2": 50}


def test_a_sep_line_names_the_delimiter() -> None:
    """It was taken for the header."""
    data = b"sep=;\r\n" + csv("10.00").replace(b"\n", b"\r\n")
    assert totals(data) == {"F-1": 1_000}
    with pytest.raises(UnclearFormat, match="sep=;"):
        surveyed(data, delimiter=",")


def test_a_header_with_a_comma_in_quotes_can_be_mapped() -> None:
    """The map broke off at the comma."""
    data = b'Numero,Date,Echeance,"Montant, TTC",Client\nQ-1,03/02/2025,05/03/2025,100.00,C1\n'
    for column in ('"Montant, TTC"', "Montant, TTC"):
        column_map = parse_map(
            f"invoice_number=Numero,issued_on=Date,due_on=Echeance,amount={column},customer=Client"
        )
        assert totals(data, column_map=column_map) == {"Q-1": 10_000}


def test_lines_may_end_in_carriage_returns_alone() -> None:
    data = csv("10,00", "1 000,00").replace(b"\n", b"\r")
    assert surveyed(data).format.line_end == "cr"
    assert totals(data) == {"F-1": 1_000, "F-2": 100_000}


def test_columns_of_a_sheet_wider_than_its_table_are_left_out() -> None:
    """Lines of five fields under a header of seven were rejected, and so was a line of delimiters."""
    header = "Numero;Date;Echeance;Montant;Client;;\r\n"
    row = "{n};03/02/2025;05/03/2025;{amount};C1"
    data = (
        header
        + row.format(n="Q-2", amount="100.00")
        + ";;\r\n"
        + row.format(n="Q-3", amount="1.50")
        + "\r\n;;;;;;\r\n"
    )
    assert totals(data.encode()) == {"Q-2": 10_000, "Q-3": 150}


def test_a_wrong_delimiter_is_named() -> None:
    with pytest.raises(UnclearFormat, match="if the delimiter is semicolon, not comma"):
        surveyed(csv("10,00"), delimiter=",")
    with pytest.raises(InvalidColumnMap, match="Numero#Date"):
        surveyed(csv("10,00").replace(b";", b"#"))


def test_bytes_that_may_be_of_several_encodings_are_refused() -> None:
    macintosh, dos = "Caf\u00e9".encode("mac-roman"), "ao\u00fbt".encode("cp850")
    for name in (macintosh, dos, "\u00e9".encode() + b" caf\xe9"):
        with pytest.raises(UnclearFormat, match="encoding"):
            surveyed(csv("10,00") + b"\n" + name)
    with pytest.raises(UnclearFormat, match="UTF-16"):
        surveyed(csv("10,00").decode().encode("utf-16"))
    assert surveyed(csv("10,00") + b"\n" + macintosh, encoding="macintosh").format.given == ("encoding",)


@pytest.mark.parametrize(
    "line", ['"F-1";"x;y', "F-1;03/02/2025;05/03/2025", ";03/02/2025;05/03/2025;10,00;C1"]
)
def test_with_grouped_lines_a_line_that_cannot_be_read_may_belong_to_any_invoice(line: str) -> None:
    data = csv("10,00") + b"\n" + line.encode()
    assert surveyed(data).several == {}
    with pytest.raises(LineWithoutInvoice, match="Line 3"):
        surveyed(data, group="lines")


ITEMS = ("100,00", "-50,00", "0,00", "300,00")


def test_lines_of_an_invoice_add_up_wherever_they_stand() -> None:
    found = taken_of(items(*ITEMS), several=4)
    assert [part and part.lines for part in found] == [None, None, None, (1, 2, 3, 4)]
    whole = found[-1]
    assert whole is not None
    assert isinstance(whole.content, Parsed)
    invoice = whole.content.events[0]
    assert isinstance(invoice, ImportedInvoice)
    assert invoice.total_minor == 35_000


def test_none_of_an_invoice_is_taken_if_one_of_its_lines_cannot_be() -> None:
    lines = items(*ITEMS)
    lines[2] = lines[2].replace("0,00", "many")
    whole = taken_of(lines, several=4)[-1]
    assert whole is not None
    assert isinstance(whole.content, Fault)
    assert (whole.content.code, whole.lines) == ("invalid-amount", (1, 2, 3, 4))


def test_lines_that_differ_in_more_than_amounts_are_no_invoice() -> None:
    lines = items(*ITEMS)
    lines[1] = lines[1].replace(";C1", ";C2")
    whole = taken_of(lines, several=4)[-1]
    assert whole is not None
    assert isinstance(whole.content, Fault)
    assert whole.content.code == "lines-differ"


def items(*amounts: str) -> list[str]:
    return [ROW.format(n="L-1", amount=amount) for amount in amounts]


def taken_of(lines: list[str], *, several: int) -> list[Grouped | None]:
    groups = LineGroups({hash("L-1"): several})
    header = read_header(HEADER, MAP, ";")
    defaults = Defaults("EUR", "FR", "%d/%m/%Y", NumberStyle("comma", grouped=True), signed=True)

    def content(text: str) -> Parsed | Fault:
        try:
            return parse_line(text, header, ";", defaults)
        except Fault as fault:
            return fault

    return [groups.take("L-1", n, content(text)) for n, text in enumerate(lines, 1)]


def test_ndjson_takes_the_point_and_no_three_digits_behind_it() -> None:
    line = '{"kind":"invoice","number":"A","customer":"C","issued_on":"2025-02-03","amount":"%s"}'
    for text in ("1.000", "45.990", "1.234"):
        with pytest.raises(Fault) as fault:
            parse_ndjson(line % text, Defaults("EUR", "FR"))
        assert (fault.value.code, fault.value.column) == ("ambiguous-amount", "amount")
    told = Defaults("EUR", "FR", None, NumberStyle("comma", grouped=True, given=True))
    event = parse_ndjson(line % "1.000", told).events[0]
    assert isinstance(event, ImportedInvoice)
    assert event.total_minor == 100_000


def grouped(digits: str, mark: str) -> str:
    head = len(digits) % 3 or 3
    return mark.join([digits[:head], *(digits[n : n + 3] for n in range(head, len(digits), 3))])


@st.composite
def written_files(draw: st.DrawFn) -> tuple[bytes, dict[str, int], str]:
    """A file in one manner, its totals, and its currency."""
    code = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    sign = draw(st.sampled_from([".", ","]))
    mark = draw(st.sampled_from(["", " ", "\u00a0", "\u202f", "'", {".": ",", ",": "."}[sign]]))
    decimals = draw(st.integers(0, exponent(code)))
    delimiter = draw(st.sampled_from([d for d in DELIMITERS.values() if d != sign and d != mark]))
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]))
    assume(mark != "\u202f" or encoding != "cp1252")
    totals: dict[str, int] = {}
    lines = [HEADER.replace(";", delimiter)]
    for n, units in enumerate(draw(st.lists(st.integers(1, 10**9), min_size=1, max_size=8))):
        whole, fraction = divmod(units, 10**decimals)
        text = grouped(str(whole), mark) + (f"{sign}{fraction:0{decimals}d}" if decimals else "")
        totals[f"F-{n}"] = int(Decimal(units).scaleb(exponent(code) - decimals))
        lines.append(delimiter.join([f"F-{n}", "03/02/2025", "05/03/2025", text, "Caf\u00e9 No\u00ebl"]))
    return line_end.join(lines).encode(encoding), totals, code


@given(written_files())
def test_no_amount_of_a_file_is_ever_misread(written: tuple[bytes, dict[str, int], str]) -> None:
    """Each amount is the one that was written, or the file is refused."""
    data, meant, code = written
    try:
        read = totals(data, code)
    except UnclearFormat:
        return
    assert read == meant


@given(written_files(), st.sampled_from(["point", "comma"]))
def test_a_file_whose_decimal_sign_is_given_is_read(
    written: tuple[bytes, dict[str, int], str], decimal: str
) -> None:
    """With the right sign every amount is the one that was written; with the other none becomes another silently."""
    data, meant, code = written
    signs = {sign for _, sign in [("point", b"."), ("comma", b",")] if sign in data.split(b"F-0")[-1]}
    read = totals(data, code, decimal=decimal)
    if signs <= {b"." if decimal == "point" else b","} and b"\t" not in data and "," not in HEADER:
        assert all(not isinstance(total, int) or total > 0 for total in read.values())
    assert len(read) == len(meant)


@given(st.binary(max_size=300))
def test_any_bytes_are_surveyed_or_refused(data: bytes) -> None:
    try:
        surveyed(csv("10,00") + b"\n" + data)
    except (UnclearFormat, InvalidHeader, InvalidColumnMap):
        return
