"""Net and VAT of credit notes by rate: at most what the invoice has, and exactly that if it is credited in full."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from encours.contracts.common import VatShare
from encours.kernel.errors import Invalid
from invoice_svc.domain.amounts.decimals import percent
from invoice_svc.domain.amounts.sums import InvoiceSums, RateAmounts, reckon, split_credit
from invoice_svc.domain.invoice.commands import CreditInvoice
from invoice_svc.domain.invoice.parts import CreditNote, Rebate
from invoice_svc.domain.invoice.refusals import VatUnknown
from invoice_svc.domain.invoice.state import Invoice


def left_to_credit(state: Invoice) -> tuple[RateAmounts, ...]:
    """Return the net and VAT at each rate of the invoice that no credit note has taken, and whose VAT is not relieved.

    It is one part without a rate if rates are unknown: for an invoice taken over, or one with several rates and a
    credit note without them.
    """
    notes: tuple[CreditNote | Rebate, ...] = (*state.credits, *state.rebates)
    relieved_net = sum(share.net_minor for share in state.relieved)
    relieved_vat = sum(share.vat_minor for share in state.relieved)
    net_left = (state.net_minor or 0) - relieved_net - sum(note.net_minor or 0 for note in notes)
    vat_left = (state.vat_minor or 0) - relieved_vat - sum(note.vat_minor or 0 for note in notes)
    if len(state.vat) == 1:
        return (replace(amounts_of(state.vat[0]), net_minor=net_left, vat_minor=vat_left),)
    if not state.vat or not all(note.vat for note in notes):
        return (RateAmounts(None, net_left, vat_left),)
    taken = [*state.relieved, *(share for note in notes for share in note.vat)]
    return tuple(_left_at(share, taken) for share in state.vat)


def amounts_of(share: VatShare) -> RateAmounts:
    """Return a share of a document's VAT as amounts to calculate with."""
    return RateAmounts(share.rate_bps, share.net_minor, share.vat_minor, share.category)


def shares_of(parts: Iterable[RateAmounts]) -> tuple[VatShare, ...]:
    """Return the parts as shares of a document's VAT, without those of 0 and those whose rate is not known."""
    return tuple(
        VatShare(
            category=part.category, rate_bps=part.rate_bps, net_minor=part.net_minor, vat_minor=part.vat_minor
        )
        for part in parts
        if part.rate_bps is not None and part.is_something
    )


def less(whole: RateAmounts, part: RateAmounts) -> RateAmounts:
    """Return what a part leaves of an amount at its rate."""
    return replace(
        whole, net_minor=whole.net_minor - part.net_minor, vat_minor=whole.vat_minor - part.vat_minor
    )


def _left_at(share: VatShare, taken: Iterable[VatShare]) -> RateAmounts:
    whole = amounts_of(share)
    taken = [each for each in taken if amounts_of(each).key == whole.key]
    return replace(
        whole,
        net_minor=share.net_minor - sum(each.net_minor for each in taken),
        vat_minor=share.vat_minor - sum(each.vat_minor for each in taken),
    )


def credited_parts(state: Invoice, command: CreditInvoice) -> tuple[RateAmounts, ...]:
    """Return net and VAT by rate: those of the lines, else pro rata to what is left. Something must be outstanding.

    Raises :class:`Invalid` with a pointer to a line that exceeds what is left, and :class:`VatUnknown` if the VAT of
    an amount does not follow from the invoice (CGI 272-1).
    """
    if state.net_minor is None:
        return _parts_without_invoice(state, command)
    left = left_to_credit(state)
    if command.parts is not None:
        return _within_what_is_left(_parts_by_rate(command.parts, left), left, "/vat")
    if command.lines is None:
        assert command.amount_minor is not None, "a command without lines and parts states an amount"
        return split_credit(command.amount_minor, left)
    parts = parts_of_lines(reckon(command.lines, state.currency), left)
    return _within_what_is_left(parts, left, "/lines")


def _within_what_is_left(
    parts: tuple[RateAmounts, ...], left: tuple[RateAmounts, ...], pointer: str
) -> tuple[RateAmounts, ...]:
    """Return the parts. Raises :class:`Invalid` if they add up to 0, or leave amounts that add up to 0."""
    total = _total(_checked_sum(parts, pointer))
    taken = {part.key: part for part in parts}
    if total == _total(left) and any(taken.get(part.key) != part for part in left if part.is_something):
        raise Invalid(
            "The amounts credit all that is left, but not at each rate; omit them to credit all of it.",
            pointer,
        )
    return parts


def _parts_by_rate(asked: tuple[RateAmounts, ...], left: tuple[RateAmounts, ...]) -> tuple[RateAmounts, ...]:
    """Return net and VAT as asked, each at most what is left at its rate: VAT alone, or net without VAT (CGI 272-1)."""
    if left[0].rate_bps is None:
        net, vat = sum(part.net_minor for part in asked), sum(part.vat_minor for part in asked)
        if net > left[0].net_minor or vat > left[0].vat_minor:
            raise Invalid(
                "The amounts exceed the net or the VAT that is left of the invoice; reduce them.", "/vat"
            )
        return (replace(left[0], net_minor=net, vat_minor=vat),)
    left_at = {part.key: part for part in left}
    if len({part.key for part in asked}) < len(asked):
        raise Invalid("Name each category and rate once.", "/vat")
    for i, part in enumerate(asked):
        rest = left_at.get(part.key)
        if rest is None:
            raise Invalid(
                f"The invoice has no amount at {_named(part)}; use one of its rates.", f"/vat/{i}/rate"
            )
        for name in ("net", "vat"):
            minor, bound = getattr(part, f"{name}_minor"), getattr(rest, f"{name}_minor")
            if within(minor, bound) != minor:
                raise Invalid(
                    f"More than is left of the invoice at {_named(part)}; reduce it.", f"/vat/{i}/{name}"
                )
    return asked


def _named(part: RateAmounts) -> str:
    return f"{percent(part.key[0])} % in category {part.category}"


def _parts_without_invoice(state: Invoice, command: CreditInvoice) -> tuple[RateAmounts, ...]:
    if command.parts is not None:
        return _checked_sum(command.parts, "/vat")
    if command.lines is None:
        raise VatUnknown(
            f"{state.number} was taken over with its total alone: a credit note on it has to state its VAT, by lines "
            "or by rate.",
        )
    sums = reckon(command.lines, state.currency)
    return _checked_sum(tuple(amounts_of(share) for share in sums.vat), "/lines")


def _checked_sum(parts: tuple[RateAmounts, ...], pointer: str) -> tuple[RateAmounts, ...]:
    if _total(parts) <= 0:
        raise Invalid("The amounts must add up to more than 0.", pointer)
    return parts


def parts_of_lines(sums: InvoiceSums, left: tuple[RateAmounts, ...]) -> tuple[RateAmounts, ...]:
    """Return the lines' credit at each rate, at most what is left there; the last of its net takes the last of its VAT.

    Each document rounds its VAT once, so that of an invoice credited line by line can differ by cents from the sum of
    the lines' own.
    """
    if left[0].rate_bps is None:
        if sums.net_minor > left[0].net_minor or sums.vat_minor > left[0].vat_minor:
            raise Invalid("The lines credit more net or VAT than is left to credit; reduce them.", "/lines")
        return (RateAmounts(None, sums.net_minor, sums.vat_minor),)
    left_at = {part.key: part for part in left}
    keys = [(line.vat_rate_bps, line.vat_category) for line in sums.lines]
    return tuple(
        _part_of_lines(part, left_at.get(part.key), f"/lines/{keys.index(part.key)}")
        for part in (amounts_of(share) for share in sums.vat)
    )


def _part_of_lines(asked: RateAmounts, rest: RateAmounts | None, pointer: str) -> RateAmounts:
    if rest is None:
        raise Invalid(
            f"Nothing was invoiced at {_named(asked)}; use an invoiced rate.", f"{pointer}/vat_rate"
        )
    if asked.net_minor == rest.net_minor:
        return rest
    if within(asked.net_minor, rest.net_minor) != asked.net_minor:
        raise Invalid(
            f"The lines at {_named(asked)} credit more net than is left to credit at that rate; reduce them.",
            pointer,
        )
    return replace(asked, vat_minor=within(asked.vat_minor, rest.vat_minor))


def within(minor: int, bound: int) -> int:
    """Return the nearest amount between 0 and the bound, which may be negative."""
    return sorted((0, minor, bound))[1]


def _total(parts: tuple[RateAmounts, ...]) -> int:
    return sum(part.net_minor + part.vat_minor for part in parts)
