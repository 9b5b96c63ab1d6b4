"""Files as people save them, through the API and the command line: read in one way, and said, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from encours.testing.system import System
from tests.e2e.takeover import NDJSON, Takeover

MAP = "invoice_number=Numero,issued_on=Date,due_on=Echeance,amount=Montant,customer=Client"
FRENCH = {"map": MAP, "date_format": "%d/%m/%Y"}
ITEMS = """Numero,Date,Echeance,Montant,Client
L-1,2025-02-03,2025-03-05,100.00,C1
L-1,2025-02-03,2025-03-05,150.00,C1
L-2,2025-02-03,2025-03-05,40.00,C2
L-1,2025-02-03,2025-03-05,100.00,C1
L-3,2025-02-03,2025-03-05,10.00,C1
L-3,2025-02-04,2025-03-05,10.00,C1
"""


@pytest.fixture(scope="module")
def live(system: System) -> Takeover:
    """A live ledger, into which everything is recorded at once."""
    return Takeover.into(system, "live")


def totals(takeover: Takeover, prefix: str) -> dict[str, str]:
    """Totals of the invoices whose number begins so."""
    takeover.system.wait_caught_up(takeover.ledger)
    found = takeover.invoices()
    return {i["number"]: i["total"]["amount"] for i in found if i["number"].startswith(prefix)}


def test_a_list_as_french_excel_saves_it_is_read_and_the_answer_says_how(live: Takeover) -> None:
    text = "Numero;Date;Echeance;Montant;Client\r\nX-1;03/02/2025;05/03/2025;1\u00a0234,56;Caf\u00e9 No\u00ebl\r\n"
    answer = live.send(text.encode("cp1252"), **FRENCH)
    assert answer.json()["read_as"] == {
        "encoding": "windows-1252", "delimiter": "semicolon", "decimal": "comma", "thousands": "no-break space",
        "line_end": "lf", "given": [],
    }  # fmt: skip
    taken = live.finished(answer.json()["id"])
    assert (taken["accepted"], taken["read_as"]) == (1, answer.json()["read_as"])
    assert totals(live, "X-") == {"X-1": "1234.56"}
    names = [customer["name"] for customer in live.get("/v1/customers")["data"]]
    assert "Caf\u00e9 No\u00ebl" in names


def test_thousands_or_decimals_are_told_by_the_caller(live: Takeover) -> None:
    body = b"Numero;Date;Echeance;Montant;Client\nTD-1;03/02/2025;05/03/2025;1.000;C1\n"
    body += b"TD-4;03/02/2025;05/03/2025;1.111,11;C1\n"
    refused = live.send(body, **FRENCH)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "decimal")
    assert live.take(body, **FRENCH, decimal=",")["accepted"] == 2
    assert totals(live, "TD-") == {"TD-1": "1000.00", "TD-4": "1111.11"}


def test_what_only_the_end_of_a_long_file_shows_refuses_all_of_it(live: Takeover) -> None:
    row = "LONG-{n};2025-02-03;2025-03-05;{amount};" + 90 * "C" + "\n"
    rows = [row.format(n=n, amount="10.50" if n < 40_000 else "1.000") for n in range(40_001)]
    body = ("Numero;Date;Echeance;Montant;Client\n" + "".join(rows)).encode()
    taken = live.take(body, map=MAP)
    assert (taken["state"], taken["lines"]) == ("failed", 0)
    assert "line 40002" in taken["problem"]
    assert totals(live, "LONG-") == {}


def test_an_invoice_of_several_lines_is_taken_whole_or_not_at_all(live: Takeover) -> None:
    """The first line was taken for the invoice, of 100.00."""
    taken = live.take(ITEMS.encode(), map=MAP)
    assert [v[1:3] for v in live.verdicts(taken["id"])] == [
        ("rejected", "invoice-on-several-lines"), ("rejected", "invoice-on-several-lines"), ("accepted", None),
        *[("rejected", "invoice-on-several-lines")] * 3,
    ]  # fmt: skip
    assert totals(live, "L-") == {"L-2": "40.00"}
    taken = live.take(ITEMS.encode(), map=MAP, group="lines")
    assert [v[:3] for v in live.verdicts(taken["id"])] == [
        (2, "accepted", None), (3, "accepted", None), (4, "duplicate", None), (5, "accepted", None),
        (6, "rejected", "lines-differ"), (7, "rejected", "lines-differ"),
    ]  # fmt: skip
    assert totals(live, "L-") == {"L-1": "350.00", "L-2": "40.00"}
    again = live.take(ITEMS.encode(), map=MAP, group="lines")
    assert (again["accepted"], again["duplicates"], again["rejected"]) == (0, 4, 2)


def test_ndjson_with_a_point_before_three_digits_is_refused_line_by_line(live: Takeover) -> None:
    body = b'{"kind":"invoice","number":"J-1","customer":"C1","issued_on":"2025-02-03","amount":"1.000"}\n'
    taken = live.take(body, NDJSON)
    assert live.verdicts(taken["id"]) == [(1, "rejected", "ambiguous-amount", "amount")]
    assert live.take(body, NDJSON, decimal="comma")["accepted"] == 1
    assert totals(live, "J-") == {"J-1": "1000.00"}


def test_the_command_says_how_it_read_the_file(system: System, live: Takeover, tmp_path: Path) -> None:
    file = tmp_path / "liste.csv"
    file.write_bytes(
        "sep=;\r\nNumero;Date;Montant;Client\r\nS-1;2025-02-03;10,00;Caf\u00e9\r\n".encode("cp1252")
    )
    options = (
        "--map",
        "invoice_number=Numero,issued_on=Date,amount=Montant,customer=Client",
        "--country",
        "BE",
    )
    done = system.encours(
        "import", str(file), "--ledger", live.ledger, *options, "--encoding", "windows-1252"
    )
    said = " ".join(done.stdout.split())
    assert "Read as: windows-1252, delimiter semicolon (detected), decimal comma (detected)" in said
    assert totals(live, "S-") == {"S-1": "10.00"}
    (customer,) = [c for c in live.get("/v1/customers")["data"] if c["name"] == "Caf\u00e9"]
    assert customer["country"] == "BE"
