"""Instalments: the rules of any schedule, and those of a draft, as a request proposes them and its issue fixes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import islice, pairwise, repeat

from msgspec import Struct

from encours.contracts.common import DraftedInstalment, Instalment
from encours.kernel.errors import FieldError, Invalid, Refusal
from encours.kernel.money import Money, div_half_up
from invoice_svc.domain.amounts.decimals import rate_bps
from invoice_svc.domain.refusals import require_currency

AT_ISSUE = "at_issue"
"""Cause of a schedule that the draft had."""
WHOLE_BPS = 10_000


class InstalmentsDiffer(Refusal):
    """The instalments do not add up to what is to be paid (422)."""

    code = "instalments-differ"
    title = "Instalments do not add up to the amount to be paid"
    status = 422
    remedy = "Change the instalments so that their sum is the amount that the detail names."


def check_instalments(
    instalments: Sequence[Instalment],
    total_minor: int,
    currency: str,
    not_before: date,
    day_fields: Iterable[str] = repeat("due_on"),
) -> None:
    """Raise a refusal unless the dates ascend from a day on and the sum is the total.

    ``day_fields`` are the fields of the body that give the day of each.
    """
    fields = islice(day_fields, len(instalments))
    pointers = [f"/instalments/{at}/{field}" for at, field in enumerate(fields)]
    if instalments[0].due_on < not_before:
        raise Invalid(f"The first instalment is before {not_before}.", pointers[0])
    for (before, after), pointer in zip(pairwise(instalments), pointers[1:], strict=True):
        if after.due_on <= before.due_on:
            raise Invalid(
                f"{after.due_on} is not after {before.due_on}, the date of the one before.", pointer
            )
    found = sum(each.amount_minor for each in instalments)
    if difference := total_minor - found:
        sign = "less" if difference > 0 else "more"
        raise InstalmentsDiffer(
            f"The instalments add up to {Money(found, currency)}, {Money(abs(difference), currency)} {sign} than the "
            f"{Money(total_minor, currency)} to be paid.",
            errors=(FieldError("/instalments", "Change their amounts."),),
        )


class ProposedInstalment(Struct, frozen=True):
    """Instalment of a request; ``share`` is in percent of what is to be paid."""

    due_on: date | None = None
    days: int | None = None
    amount: Money | None = None
    share: str | None = None


def drafted(proposed: Sequence[ProposedInstalment], currency: str) -> tuple[DraftedInstalment, ...]:
    """Return the instalments as the draft keeps them; dates and sum are checked at issue."""
    return tuple(
        _drafted(each, currency, f"/instalments/{at}", is_last=at == len(proposed) - 1)
        for at, each in enumerate(proposed)
    )


def _drafted(asked: ProposedInstalment, currency: str, pointer: str, *, is_last: bool) -> DraftedInstalment:
    if (asked.due_on is None) == (asked.days is None):
        raise Invalid("Give either a date or the days after the issue.", f"{pointer}/due_on")
    if asked.amount is not None and asked.share is not None:
        raise Invalid("Give either an amount or a share.", f"{pointer}/amount")
    if asked.amount is None and asked.share is None and not is_last:
        raise Invalid("Give an amount or a share; only the last may take the rest.", f"{pointer}/amount")
    share_bps = None
    if asked.amount is not None:
        require_currency(asked.amount.currency, currency, f"{pointer}/amount")
    elif asked.share is not None:
        share_bps = rate_bps(asked.share, f"{pointer}/share", "A share")
        if not share_bps:
            raise Invalid("Give a share above 0.", f"{pointer}/share")
    return DraftedInstalment(
        due_on=asked.due_on,
        days=asked.days,
        amount_minor=asked.amount.amount_minor if asked.amount else None,
        share_bps=share_bps,
    )


def fixed(
    instalments: Sequence[DraftedInstalment], total_minor: int, currency: str, issued_on: date
) -> tuple[Instalment, ...]:
    """Return dates and amounts at issue, in minor units.

    Shares are rounded half up; where they make up the total, the last takes what rounding leaves. Raises
    :class:`Invalid` for a date before the issue or not after the one before, and ``instalments-differ`` (422) unless
    each is above 0 and their sum is the total.
    """
    if not instalments:
        return ()
    amounts = _amounts(instalments, total_minor)
    if (least := min(amounts)) <= 0:
        at = amounts.index(least)
        raise InstalmentsDiffer(
            f"{Money(total_minor, currency)} is to be paid, which leaves {Money(least, currency)} "
            f"for instalment {at + 1}.",
            errors=(FieldError(f"/instalments/{at}", "Leave an amount above 0 for it, or leave it out."),),
        )
    found = tuple(
        Instalment(due_on=_due_on(each, issued_on), amount_minor=amount_minor)
        for each, amount_minor in zip(instalments, amounts, strict=True)
    )
    fields = ["days" if each.due_on is None else "due_on" for each in instalments]
    check_instalments(found, total_minor, currency, issued_on, fields)
    return found


def _amounts(instalments: Sequence[DraftedInstalment], total_minor: int) -> list[int]:
    last = instalments[-1]
    amounts = [
        each.amount_minor
        if each.amount_minor is not None
        else div_half_up(total_minor * (each.share_bps or 0), WHOLE_BPS)
        for each in instalments
    ]
    stated = sum(each.amount_minor or 0 for each in instalments) * WHOLE_BPS
    stated += sum(each.share_bps or 0 for each in instalments) * total_minor
    takes_rest = last.amount_minor is None and last.share_bps is None
    if takes_rest or (last.share_bps is not None and stated == total_minor * WHOLE_BPS):
        amounts[-1] = total_minor - sum(amounts[:-1])
    return amounts


def _due_on(instalment: DraftedInstalment, issued_on: date) -> date:
    return instalment.due_on or issued_on + timedelta(days=instalment.days or 0)
