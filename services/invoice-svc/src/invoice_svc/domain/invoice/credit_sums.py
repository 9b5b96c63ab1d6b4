"""Net and VAT of credit notes by rate: at none more than the invoice has, and all of it once it is credited whole."""

from __future__ import annotations

from collections.abc import Iterable

from encours.contracts.common import VatShare
from encours.kernel.errors import Invalid
from invoice_svc.domain.invoice.amounts import InvoiceSums, RateAmounts, percent, reckon, split_credit
from invoice_svc.domain.invoice.commands import CreditInvoice
from invoice_svc.domain.invoice.state import CreditNote, Invoice


def left_to_credit(state: Invoice) -> tuple[RateAmounts, ...]:
    """The net and VAT at each rate that credit notes have left of the invoice.

    One part of no rate where rates are not known: an invoice taken over, or one of several rates with a credit note
    that does not say its own.
    """
    net_left = state.net_minor - sum(credit.net_minor for credit in state.credits)
    vat_left = state.vat_minor - sum(credit.vat_minor for credit in state.credits)
    if len(state.vat) == 1:
        return (RateAmounts(state.vat[0].rate_bps, net_left, vat_left),)
    if not state.vat or not all(credit.vat for credit in state.credits):
        return (RateAmounts(None, net_left, vat_left),)
    return tuple(_left_at(share, state.credits) for share in state.vat)


def _left_at(share: VatShare, credits: Iterable[CreditNote]) -> RateAmounts:
    taken = [each for credit in credits for each in credit.vat if each.rate_bps == share.rate_bps]
    return RateAmounts(
        share.rate_bps,
        share.net_minor - sum(each.net_minor for each in taken),
        share.vat_minor - sum(each.vat_minor for each in taken),
    )


def credited_parts(state: Invoice, command: CreditInvoice) -> tuple[RateAmounts, ...]:
    """Net and VAT by rate: as the lines say, else pro rata to what is left; there has to be something outstanding.

    Raises :class:`Invalid` pointing at the line that credits what the invoice does not have.
    """
    left = left_to_credit(state)
    if command.lines is None:
        amount = state.outstanding_minor if command.amount_minor is None else command.amount_minor
        return split_credit(amount, left)
    parts = _parts_of_lines(reckon(command.lines, state.currency), left)
    total = _total(parts)
    if total <= 0:
        raise Invalid("The lines must add up to more than 0.", "/lines")
    taken = {part.rate_bps: part for part in parts}
    if total == _total(left) and any(taken.get(part.rate_bps) != part for part in left if part.is_something):
        raise Invalid(
            "The lines take all that is left, but not at each rate; leave them out to credit all of it.",
            "/lines",
        )
    return parts


def _parts_of_lines(sums: InvoiceSums, left: tuple[RateAmounts, ...]) -> tuple[RateAmounts, ...]:
    """Return the lines' credit at each rate, at most what is left there; the last of its net takes the last of its VAT.

    Each document rounds its VAT once, so that of an invoice credited line by line can differ by cents from the sum of
    the lines' own.
    """
    if left[0].rate_bps is None:
        if sums.net_minor > left[0].net_minor or sums.vat_minor > left[0].vat_minor:
            raise Invalid("The lines credit more net or more VAT than is left of the invoice.", "/lines")
        return (RateAmounts(None, sums.net_minor, sums.vat_minor),)
    left_at = {part.rate_bps: part for part in left}
    rates = [line.vat_rate_bps for line in sums.lines]
    return tuple(
        _part_of_lines(share, left_at.get(share.rate_bps), f"/lines/{rates.index(share.rate_bps)}")
        for share in sums.vat
    )


def _part_of_lines(asked: VatShare, rest: RateAmounts | None, pointer: str) -> RateAmounts:
    rate = percent(asked.rate_bps)
    if rest is None:
        raise Invalid(f"The invoice has nothing at {rate} %: name a rate that it has.", f"{pointer}/vat_rate")
    if asked.net_minor == rest.net_minor:
        return rest
    if _within(asked.net_minor, rest.net_minor) != asked.net_minor:
        raise Invalid(
            f"The lines at {rate} % credit more net than is left of the invoice at that rate.", pointer
        )
    return RateAmounts(asked.rate_bps, asked.net_minor, _within(asked.vat_minor, rest.vat_minor))


def _within(minor: int, bound: int) -> int:
    """The nearest amount from 0 to the bound, which may be negative."""
    return sorted((0, minor, bound))[1]


def _total(parts: tuple[RateAmounts, ...]) -> int:
    return sum(part.net_minor + part.vat_minor for part in parts)
