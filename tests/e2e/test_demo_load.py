"""The demo loads through the API, goes on where it was stopped, and loads once."""

from __future__ import annotations

from datetime import date

from encours.demo import load
from encours.demo.source import retail_invoices
from encours.testing.system import System
from tests.e2e.takeover import Takeover

UNTIL = date(2010, 12, 10)


def test_the_first_days_of_the_demo_come_out_and_a_second_start_finds_them(system: System) -> None:
    takeover = Takeover.into(system, "sandbox")
    stages: list[str] = []
    first = load(
        system.url("invoice"), system.key, lambda stage, done, total: stages.append(stage),
        ledger=takeover.ledger, until=UNTIL,
    )  # fmt: skip
    assert (first.already, first.rejected) == (False, 0)
    assert first.lines > 18_532 + 4_338
    assert list(dict.fromkeys(stages)) == [
        "making the demo",
        "taking the files over",
        "running through the year",
    ]

    system.wait_caught_up(takeover.ledger)
    real = {i.number: i for i in retail_invoices() if i.issued_on <= UNTIL}
    shown = takeover.invoices()
    assert {invoice["number"]: invoice["total"]["amount"] for invoice in shown} == {
        number: f"{invoice.total_minor // 100}.{invoice.total_minor % 100:02d}"
        for number, invoice in real.items()
    }
    received = {e["data"]["generated"] for e in takeover.events() if e["type"] == "import.received"}
    assert received == {True, False}

    head = takeover.events()[-1]["position"]
    again = load(system.url("invoice"), system.key, ledger=takeover.ledger, until=UNTIL)
    assert (again.already, takeover.events()[-1]["position"]) == (True, head)
