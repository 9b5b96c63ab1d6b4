"""Reading invoice numbers in bank texts, and the order in which money settles debts."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.legal.packs import law_of
from invoice_svc.domain.allocation_policy.policy import AllocationPolicy
from invoice_svc.domain.invoice.parts import BalanceChange, Disputed
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment.allocation import propose
from invoice_svc.domain.payment.indication import Indication, cited, indication, keys_in, naming, number_key
from invoice_svc.domain.payment.legal_order import LegalOrder

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


OPEN = ["FAC-2026-000001", "FAC-2026-000002", "FAC-2026-000004", "FAC-2026-000005"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("VIR SEPA FACT 2026-000002", ["FAC-2026-000002"]),
        ("facture n. 2026-000002", ["FAC-2026-000002"]),
        ("F.2026.000002", ["FAC-2026-000002"]),
        ("FACTURES 000004 ET 000005", ["FAC-2026-000004", "FAC-2026-000005"]),
        ("règlement factures n° 5, 4 et 2", ["FAC-2026-000005", "FAC-2026-000004", "FAC-2026-000002"]),
        ("Rechnung Nr. 2026-000002 vom 01.03.", ["FAC-2026-000002"]),
        ("Invoice no 2026/2", ["FAC-2026-000002"]),
        ("fac-2026-000001 et 000002", ["FAC-2026-000001", "FAC-2026-000002"]),
    ],
)
def test_an_invoice_is_found_in_the_words_that_people_use(text: str, meant: list[str]) -> None:
    assert [c.number for c in indication(text, OPEN).cited] == meant
    assert indication(text, OPEN).unclear == ()
    assert all(naming(text)(number) for number in meant)


@pytest.mark.parametrize(
    ("text", "unclear"),
    [
        ("FACT 2026-000099", "2026-000099"),  # settled, or not ours
        ("FAC-2026-0000021", "2026-0000021"),
        ("VIR 2026-000002", "2026-000002"),  # digits of an open invoice, without a word for it
        ("VIR DUPONT 000004", "000004"),
        ("facture 4711", "4711"),
    ],
)
def test_a_number_that_names_no_open_invoice_for_certain_is_unclear(text: str, unclear: str) -> None:
    assert indication(text, OPEN) == Indication((), (unclear,))


def test_a_short_number_that_fits_two_invoices_is_unclear() -> None:
    numbers = ["FAC-2025-000004", "FAC-2026-000004", "FAC-2026-000005"]
    read = indication("factures 4 et 5", numbers)
    assert ([c.number for c in read.cited], read.unclear) == (["FAC-2026-000005"], ("4",))


@pytest.mark.parametrize(
    "text",
    [
        "VIR DUPONT MERCI",
        "VIR 3F2504E0-4F89-11D3",
        "FR7630006000011234567890189",
        "du 15/03/2026",
        "12 rue F 12",
        "",
    ],
)
def test_a_text_that_names_no_invoice_leaves_it_to_the_law(text: str) -> None:
    assert indication(text, OPEN) == Indication()


@given(
    st.lists(st.integers(1, 999_999), min_size=1, max_size=6, unique=True),
    st.data(),
    st.sampled_from(
        ["FACT {y}-{n:06}", "facture n° {y}/{n}", "F.{y}.{n:06}", "FACTURE {n:06}", "fac{y}{n:06}"]
    ),
)
def test_what_is_read_is_what_was_written(numbers: list[int], data: st.DataObject, form: str) -> None:
    """The number written is the one cited, or is unclear, and never another one."""
    open_ = [f"FAC-2026-{n:06}" for n in numbers]
    meant = data.draw(st.sampled_from(numbers))
    read = indication("VIR SEPA " + form.format(y=2026, n=meant) + " MERCI", open_)
    assert {c.number for c in read.cited} <= {f"FAC-2026-{meant:06}"}
    assert read.cited or read.unclear


def invoice(name: str, due: int, open_minor: int, *, disputed: int = 0) -> Invoice:
    return Invoice(
        document="issued", invoice_id=name, number=f"FAC-2026-{name}", total_minor=open_minor,
        due_on=date(2026, 1, due), issued_on=date(2025, 12, 1),
        movements=(BalanceChange(date(2025, 12, 1), open_minor),),
        disputed=(Disputed("dis", disputed, date(2025, 12, 1)),) if disputed else (),
    )  # fmt: skip


ORDER = LegalOrder(date(2026, 7, 1), AllocationPolicy(), law_of("FR"))


def shares(amount: int, text: str | None, *invoices: Invoice) -> list[tuple[str, int, str, str | None]]:
    return [
        (s.invoice_id, s.amount_minor, s.rule, s.evidence)
        for s in propose(amount, invoices, text, ORDER).shares
    ]


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


@pytest.mark.parametrize("text", ["FACT 2026-999", "facture 4711"])
def test_what_names_an_unknown_invoice_is_left_to_a_person(text: str) -> None:
    """Without that the oldest was paid, as if the debtor had said nothing."""
    proposal = propose(100, [invoice("001", 10, 100), invoice("002", 20, 100)], text, ORDER)
    assert proposal.shares == []
    assert proposal.unclear


def test_what_is_left_over_beside_an_unclear_number_goes_on_no_other_invoice() -> None:
    proposal = propose(200, [invoice("001", 10, 100), invoice("002", 20, 100)], "factures 2 et 7", ORDER)
    assert [(s.invoice_id, s.amount_minor) for s in proposal.shares] == [("002", 100)]
    assert proposal.unclear == ("7",)


def test_what_no_invoice_takes_is_left() -> None:
    assert sum(share[1] for share in shares(500, None, invoice("001", 10, 100))) == 100


def test_money_goes_on_a_contested_share_only_when_the_debtor_says_so() -> None:
    contested = invoice("001", 10, 100, disputed=70)
    assert shares(100, None, contested) == [("001", 30, "oldest_due", "due 2026-01-10")]
    assert shares(100, "FAC-2026-001", contested) == [("001", 100, "debtor_indication", "FAC-2026-001")]
