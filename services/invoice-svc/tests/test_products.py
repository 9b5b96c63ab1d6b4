"""Documents by product: the parts add up to the document, and credit notes give back what the invoice had."""

from __future__ import annotations

import os
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from encours.contracts.common import ProductShare
from encours.contracts.events.invoice import InvoiceCredited, InvoiceIssued
from encours.kernel.errors import Invalid
from invoice_svc.domain.amounts.adjustments import AdjustmentInput
from invoice_svc.domain.amounts.products import credited_products, less_products, product_shares
from invoice_svc.domain.amounts.sums import LineInput, reckon
from invoice_svc.domain.invoice.commands import Content, CreditInvoice
from invoice_svc.use_cases.folds import INVOICE
from invoice_svc.use_cases.sales import invoices

EXAMPLES = 400 if "DEEP" in os.environ else 30
DAY = date(2026, 6, 2)


def line(price: str, product: str | None = None, cost: str | None = None, rate: str = "20") -> LineInput:
    return LineInput("work", "2", price, rate, product=product, unit_cost=cost)


def share(product: str | None, net: int, vat: int, costed: int = 0, cost: int = 0) -> ProductShare:
    return ProductShare(product=product, net_minor=net, vat_minor=vat, costed_minor=costed, cost_minor=cost)


def of(firm: Any, kind: type[Any]) -> tuple[ProductShare, ...]:
    (found,) = [e.data.products for e in firm.stream("inv_1") if isinstance(e.data, kind)]
    return found  # type: ignore[no-any-return]


def issued(make: Any, firm: Any, *lines: LineInput, **changes: Any) -> None:
    draft = replace(make.draft("inv_1"), content=Content(DAY, lines, **changes))
    firm.do(invoices.draft, make.at_once(draft, DAY))


def test_an_unknown_cost_is_left_out_and_not_taken_for_nothing(make: Any, firm: Any) -> None:
    issued(
        make, firm, line("50.00", "tyre", "30.00"), line("10.00", "tyre"), line("5.00", "book", "0", "5.5")
    )
    assert of(firm, InvoiceIssued) == (
        share("book", 1_000, 55, 1_000, 0),
        share("tyre", 12_000, 2_400, 10_000, 6_000),
    )


def test_an_invoice_without_products_and_costs_states_none(make: Any, firm: Any) -> None:
    issued(make, firm, line("50.00"))
    assert of(firm, InvoiceIssued) == ()


def test_a_discount_on_the_document_lowers_the_lines_of_its_rate_and_no_cost(make: Any, firm: Any) -> None:
    tenth = AdjustmentInput("allowance", "agreed", percent="10", vat_rate="20")
    issued(make, firm, line("75.00", "tyre", "50.00"), line("25.00", "wheel"), adjustments=(tenth,))
    assert of(firm, InvoiceIssued) == (
        share("tyre", 13_500, 2_700, 13_500, 10_000),
        share("wheel", 4_500, 900),
    )


def test_a_credit_note_over_lines_takes_from_their_product_and_one_over_an_amount_from_all(
    make: Any, firm: Any
) -> None:
    issued(make, firm, line("50.00", "tyre", "30.00"), line("50.00", "wheel", "10.00"))
    command = CreditInvoice("inv_1", "cre_1", DAY, None, "returned", lines=(line("25.00", "tyre"),))
    firm.do(invoices.credit, command)
    assert of(firm, InvoiceCredited) == (share("tyre", 5_000, 1_000, 5_000, 3_000),)
    left = firm.state(INVOICE, "inv_1").products
    assert left == (share("tyre", 5_000, 1_000, 5_000, 3_000), share("wheel", 10_000, 2_000, 10_000, 2_000))
    assert credited_products(left, 3_000, 600) == (
        share("tyre", 1_000, 200, 1_000, 600),
        share("wheel", 2_000, 400, 2_000, 400),
    )
    firm.do(invoices.credit, CreditInvoice("inv_1", "cre_2", DAY, None, "cancelled"))
    assert firm.state(INVOICE, "inv_1").products == ()


def test_a_cost_below_nothing_is_refused(make: Any, firm: Any) -> None:
    with pytest.raises(Invalid, match="cost is 0 or more"):
        issued(make, firm, line("50.00", "tyre", "-1"))
    with pytest.raises(Invalid, match="within the bounds") as refused:
        issued(make, firm, line("50.00", "tyre", "9" * 15))
    assert refused.value.errors[0].pointer == "/lines/0/unit_cost"


amounts = st.integers(-5_000, 50_000).map(lambda minor: f"{minor / 100:.2f}")
lines_of = st.lists(
    st.builds(
        line,
        amounts,
        st.sampled_from([None, "a", "b"]),
        st.sampled_from([None, "3.337", "0"]),
        st.sampled_from(["20", "5.5", "0"]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(asked=lines_of, credits=st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 9_000)), max_size=4))
def test_parts_add_up_to_the_document_and_credit_notes_to_their_own(
    asked: list[LineInput], credits: list[tuple[int, int]]
) -> None:
    sums = reckon(asked, "EUR")
    left = product_shares(sums.lines, sums.vat, "EUR", sums.net_minor)
    stated = any(each.product is not None or each.unit_cost is not None for each in sums.lines)
    whole = (sums.net_minor, sums.vat_minor) if stated else (0, 0)
    assert (sum(s.net_minor for s in left), sum(s.vat_minor for s in left)) == whole
    whole_left = left
    taken: list[ProductShare] = []
    for net, vat in credits:
        found = credited_products(left, net, vat)
        if left:
            assert (sum(s.net_minor for s in found), sum(s.vat_minor for s in found)) == (net, vat)
        left = less_products(left, found)
        taken += found
    taken += credited_products(left, 0, 0, whole=True)
    assert less_products(whole_left, taken) == ()
