"""Deposits [acomptes]: invoices of their own, which the final invoice lists and deducts (CGI 289 I 1 c).

A deposit bears VAT on receipt (CGI 269-2), so its VAT is declared with it. The final invoice states the whole supply,
what each deposit takes off it at each VAT category and rate, and the rest, which alone it adds to the debt, to the
turnover and to the VAT (EN 16931 BT-113, BT-115). What it cannot take at a rate is credited on the deposit invoice: the
customer is in credit for it. A lost deposit is a debt as before, so it is deducted too, with or without VAT relief.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts.common import DeductedDeposit, Purpose, VatShare
from encours.kernel.errors import FieldError, Invalid, Refusal
from encours.kernel.money import Money
from invoice_svc.domain.amounts.sums import RateAmounts
from invoice_svc.domain.invoice.checks import require_issued
from invoice_svc.domain.invoice.credit.sums import amounts_of, left_to_credit, less, within
from invoice_svc.domain.invoice.room import cited_as
from invoice_svc.domain.invoice.state import Invoice


class DepositIsDeducted(Refusal):
    """A final invoice deducts the deposit, and states the whole supply."""

    code = "deposit-deducted"
    title = "Deposit is deducted by its final invoice"
    remedy = "Use the final invoice instead."


class DepositNotDeductible(Refusal):
    """The invoice is no deposit of the customer that is still to be deducted (422)."""

    code = "deposit-not-deductible"
    title = "Deposit cannot be deducted"
    status = 422
    remedy = "Name issued deposit invoices of the customer in this currency, each in one final invoice."


class Deduction(Struct, frozen=True, gc=False):
    """Net and VAT that the deposits leave, the deposits, and what is to be credited of each, by its id."""

    vat: tuple[VatShare, ...]
    net_minor: int
    vat_minor: int
    deposits: tuple[DeductedDeposit, ...]
    surplus: tuple[tuple[str, tuple[RateAmounts, ...]], ...]

    @classmethod
    def of_nothing(cls, final: Invoice) -> Deduction:
        """Return the amounts of an invoice without deposits."""
        return cls(final.vat, final.net_minor or 0, final.vat_minor or 0, (), ())


def named(deposits: tuple[str, ...], purpose: Purpose) -> tuple[str, ...]:
    """Return the ids of the deposits of a draft, each once. A deposit invoice deducts none."""
    if deposits and purpose == "deposit":
        raise Invalid("A deposit invoice deducts no deposits.", "/deposits")
    return tuple(dict.fromkeys(deposits))


def require_not_deducted(deposit: Invoice, finals: Mapping[str, str], pointer: str | None = None) -> None:
    """Raise ``deposit-deducted`` for a deposit of a final invoice; ``finals`` has the numbers of these by their ids."""
    if deposit.deducted_by is not None:
        raise DepositIsDeducted(
            f"{deposit.number} is deducted by its final invoice, {finals[deposit.deducted_by]}.",
            errors=() if pointer is None else (FieldError(pointer, "Name the final invoice."),),
        )


def deduct(
    final: Invoice,
    deposits: Sequence[Invoice],
    issued_on: date,
    own: Collection[str],
    finals: Mapping[str, str],
) -> Deduction:
    """Deduct the deposits from a draft, one after the other, each at most what is left at each rate.

    ``issued_on`` is the date of the final invoice, ``own`` are the records of its customer; ``finals`` has the numbers
    of the invoices that deduct deposits already. What they leave is 0 at least, also with a rebate at another rate.
    """
    left = {part.key: part for part in map(amounts_of, final.vat)}
    listed, surplus = [], []
    for i, deposit in enumerate(deposits):
        _check(final, deposit, issued_on, own, finals, f"/deposits/{i}")
        taken, over = [], []
        for part in left_to_credit(replace(deposit, relieved=())):
            rest = left.get(part.key) or RateAmounts(part.rate_bps, 0, 0, part.category)
            share = replace(
                part,
                net_minor=within(part.net_minor, rest.net_minor),
                vat_minor=within(part.vat_minor, rest.vat_minor),
            )
            left[part.key] = less(rest, share)
            taken.append(share)
            over.append(less(part, share))
        listed.append(_listed(deposit, [share for share in taken if share.is_something]))
        if over := [part for part in over if part.is_something]:
            _require_not_lost(deposit, over, f"/deposits/{i}")
            surplus.append((deposit.invoice_id, tuple(over)))
    vat = tuple(_share(left[amounts_of(share).key]) for share in final.vat)
    if (total := sum(share.net_minor + share.vat_minor for share in vat)) < 0:
        raise DepositNotDeductible(
            f"The deposits would leave {Money(total, final.currency)}, as the invoice has a rebate at another rate. "
            "Leave a deposit out, and credit it on its own.",
            errors=(FieldError("/deposits", "Leave one out."),),
        )
    return Deduction(
        vat,
        sum(share.net_minor for share in vat),
        sum(share.vat_minor for share in vat),
        tuple(listed),
        tuple(surplus),
    )


def _check(
    final: Invoice,
    deposit: Invoice,
    issued_on: date,
    own: Collection[str],
    finals: Mapping[str, str],
    pointer: str,
) -> None:
    require_issued(deposit, "deducted")
    same = (deposit.entity_id, deposit.currency) == (final.entity_id, final.currency) and (
        (deposit.purchaser_id or deposit.customer_id) in own
    )
    wrong = None
    if deposit.purpose != "deposit":
        wrong = "is no deposit invoice"
    elif not same:
        wrong = "belongs to another customer, entity or currency"
    elif deposit.deducted_by is not None:
        wrong = f"is deducted by {finals[deposit.deducted_by]} already"
    elif deposit.issued_on is not None and deposit.issued_on > issued_on:
        wrong = f"is dated {deposit.issued_on}, after the final invoice"
    if wrong is not None:
        raise DepositNotDeductible(
            f"{deposit.number} {wrong}.", errors=(FieldError(pointer, "Remove it, or name another."),)
        )


def _require_not_lost(deposit: Invoice, over: Sequence[RateAmounts], pointer: str) -> None:
    """Raise unless what the final invoice cannot take can be credited: a credit note is over no amount that is lost."""
    left = {part.key: part for part in left_to_credit(deposit)}
    total = sum(part.net_minor + part.vat_minor for part in over)
    standing = total <= deposit.billed_minor - deposit.written_off_minor
    if not standing or any(
        within(part.net_minor, left[part.key].net_minor) != part.net_minor
        or within(part.vat_minor, left[part.key].vat_minor) != part.vat_minor
        for part in over
    ):
        raise DepositNotDeductible(
            f"{Money(total, deposit.currency)} of {deposit.number} would have to be credited, more than its write-off "
            "leaves. Reverse the write-off first, or leave the deposit out.",
            errors=(FieldError(pointer, "Reverse its write-off, or leave it out."),),
        )


def _listed(deposit: Invoice, taken: list[RateAmounts]) -> DeductedDeposit:
    cited = cited_as(deposit)
    net, vat = sum(part.net_minor for part in taken), sum(part.vat_minor for part in taken)
    return DeductedDeposit(
        invoice_id=cited.invoice_id,
        invoice_number=cited.invoice_number,
        issued_on=cited.issued_on,
        vat=tuple(_share(part) for part in taken),
        net_minor=net,
        vat_minor=vat,
        total_minor=net + vat,
    )


def _share(part: RateAmounts) -> VatShare:
    assert part.rate_bps is not None, "a deposit states its rates"
    return VatShare(
        category=part.category, rate_bps=part.rate_bps, net_minor=part.net_minor, vat_minor=part.vat_minor
    )
