"""Reading invoice numbers in bank texts, and the order in which money settles debts."""

from __future__ import annotations

from datetime import date

import pytest

from invoice_svc.domain.invoice.state import BalanceChange, Disputed, Invoice
from invoice_svc.domain.payment.allocation import propose
from invoice_svc.domain.payment.indication import cited, keys_in, number_key

NUMBER = "FAC-2026-000123"


@pytest.mark.parametrize(
    "text",
    [
        "VIR GARAGE DUPONT FAC-2026-000123 MERCI",
        "vir fac 2026 000123",
        "REF:FAC2026000123/SALAIRE",
        "/RFB/FAC-2026-000 123",
        "FAC_2026_000123,FAC-2026-000999",
    ],
)
def test_a_number_is_found_whatever_the_bank_did_to_its_signs(text: str) -> None:
    (found,) = cited(text, [NUMBER])
    assert number_key(found.words) == number_key(NUMBER)
    assert number_key(NUMBER) in keys_in(text)


@pytest.mark.parametrize(
    "text", ["FAC-2026-0001234", "FAC-2026-00012", "XFAC-2026-000123", "2026 000123", "", "FAC", "€"]
)
def test_a_number_is_not_read_inside_another_text(text: str) -> None:
    assert cited(text, [NUMBER]) == []


def test_a_number_of_digits_alone_is_never_glued_together_from_amounts() -> None:
    assert [c.number for c in cited("536365 EUR 123 456", ["536365", "123456", "365"])] == ["536365"]


def invoice(name: str, due: int, open_minor: int, *, disputed: int = 0) -> Invoice:
    return Invoice(
        document="issued", invoice_id=name, number=f"FAC-2026-{name}", total_minor=open_minor,
        due_on=date(2026, 1, due), issued_on=date(2025, 12, 1),
        movements=(BalanceChange(date(2025, 12, 1), open_minor),),
        disputed=(Disputed("dis", disputed),) if disputed else (),
    )  # fmt: skip


def shares(amount: int, text: str | None, *invoices: Invoice) -> list[tuple[str, int, str, str | None]]:
    return [(s.invoice_id, s.amount_minor, s.rule, s.evidence) for s in propose(amount, invoices, text)]


def test_without_an_indication_the_oldest_due_debt_is_settled_first() -> None:
    assert shares(150, None, invoice("002", 20, 100), invoice("001", 10, 100)) == [
        ("001", 100, "oldest_due", "due 2026-01-10"),
        ("002", 50, "oldest_due", "due 2026-01-20"),
    ]


def test_the_debtors_indication_goes_before_older_debts_and_its_words_are_kept() -> None:
    found = shares(150, "pay fac 2026 002 thanks", invoice("001", 10, 100), invoice("002", 20, 100))
    assert found == [
        ("002", 100, "debtor_indication", "fac 2026 002"),
        ("001", 50, "oldest_due", "due 2026-01-10"),
    ]


def test_what_no_invoice_takes_is_left() -> None:
    assert sum(share[1] for share in shares(500, None, invoice("001", 10, 100))) == 100


def test_money_goes_on_a_contested_share_only_when_the_debtor_says_so() -> None:
    contested = invoice("001", 10, 100, disputed=70)
    assert shares(100, None, contested) == [("001", 30, "oldest_due", "due 2026-01-10")]
    assert shares(100, "FAC-2026-001", contested) == [("001", 100, "debtor_indication", "FAC-2026-001")]
