"""Rules of taking a statement in: each line once, whatever file states it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from encours.contracts.events import bank as events
from encours.kernel.errors import Refusal
from encours.kernel.money import format_amount
from invoice_svc.domain.bank_account.state import KnownDay, OwnAccount
from invoice_svc.domain.bank_statement.content import StatedContent, StatedLine
from invoice_svc.domain.bank_statement.identity import IdentifiedLine
from invoice_svc.domain.refusals import DateInFuture

MAX_EVENTS = 19_000
"""A line each, and two for each statement; below what an append may have."""


class BankDayDiffers(Refusal):
    """A day is known from a file of another format, with other sums (409)."""

    code = "bank-day-differs"
    title = "A day was imported from another format with other sums"
    remedy = "Import the day in the format of the earlier file, or days after it in the new one."


class BankFileTooLong(Refusal):
    """The file has more lines than one command may record (422)."""

    code = "bank-file-too-long"
    title = "Bank file has too many lines"
    status = 422
    remedy = "Ask the bank for a file per day, or for batch entries."


def require_length(statements: Sequence[StatedContent]) -> None:
    """Raise :class:`BankFileTooLong` for a file of more lines than one append may have events for."""
    lines = sum(len(each.lines) for each in statements)
    if lines + 2 * len(statements) > MAX_EVENTS:
        raise BankFileTooLong(f"The file has {lines:,} lines; at most {MAX_EVENTS:,} are imported at once.")


def last_day_of(content: StatedContent, today: date) -> date:
    """Return the day at whose end the statement stands."""
    days = [*content.days, *([content.closing.on] if content.closing else [])]
    return max(days, default=today)


def first_day_of(content: StatedContent, today: date) -> date:
    """Return the first day on which a line was booked; without lines the last day."""
    return min(content.days, default=last_day_of(content, today))


def require_past(content: StatedContent, today: date) -> None:
    """Raise :class:`DateInFuture` for a statement that books a line after today."""
    late = [day for day in content.days if day > today]
    if content.kind == "statement" and late:
        raise DateInFuture(
            f"The statement of {content.account or 'the file'} books a line on {late[0]}, after today, {today}."
        )


def taken_before(account: OwnAccount, content: StatedContent) -> str | None:
    """Return the id of the statement that another file has stated before: same balances, numbers and sums of each day.

    Texts, sequence and identification may differ, unless the lines add up to nothing: a day may have two such pages.
    """
    if content.kind != "statement" or content.opening is None or content.closing is None:
        return None
    days = tuple(covered(day, lines) for day, lines in content.days.items())
    opening, closing = content.opening, content.closing
    stated = (content.format, opening.amount_minor, closing.amount_minor, closing.on, days)
    for each in account.statements:
        if stated == (each.format, each.opening_minor, each.closing_minor, each.closing_on, each.days) and (
            content.booked_minor or (each.reference, each.sequence) == (content.reference, content.sequence)
        ):
            return each.statement_id
    return None


def is_new_page(account: OwnAccount, content: StatedContent, today: date) -> bool:
    """Return True if the balances show that no line of the statement is known, though an equal one may be.

    Two pages of one day may each have a line that nothing else tells apart, such as a fee. A page begins where the last
    statement or a known page of the day ended, or ends where one begins.
    """
    opening, closing = content.opening, content.closing
    if content.kind != "statement" or opening is None or closing is None or content.booked_minor == 0:
        return False
    if account.closing_minor == opening.amount_minor and first_day_of(content, today) >= account.last_day:
        return True
    of_same_days = [each for each in account.statements if any(day.on in content.days for day in each.days)]
    begins, ends = (
        {each.opening_minor for each in of_same_days}, {each.closing_minor for each in of_same_days},
    )  # fmt: skip
    adjoins = opening.amount_minor in ends or closing.amount_minor in begins
    return adjoins and opening.amount_minor not in begins


def known_days(account: OwnAccount, content: StatedContent) -> frozenset[date]:
    """Return the days of which files of another format have brought all lines.

    Lines of two formats have no references in common, so the sums of the day have to be equal. Raises
    :class:`BankDayDiffers`.
    """
    if content.kind != "statement":
        return frozenset()
    found = set()
    for day, lines in content.days.items():
        known = account.days.get(day)
        if known is None or known.format == content.format:
            continue
        stated = covered(day, lines)
        if KnownDay(known.format, stated.lines, stated.credit_minor, stated.debit_minor) != known:
            raise BankDayDiffers(
                f"{day} of {account.iban} was imported from {known.format} with {known.lines} lines, "
                f"{format_amount(known.credit_minor, content.currency)} in and "
                f"{format_amount(known.debit_minor, content.currency)} out; this file has {stated.lines} lines, "
                f"{format_amount(stated.credit_minor, content.currency)} in and "
                f"{format_amount(stated.debit_minor, content.currency)} out."
            )
        found.add(day)
    return frozenset(found)


def gap(account: OwnAccount, content: StatedContent, today: date) -> str | None:
    """Return a remark on the balance between the last statement and this one, if a statement seems to be missing."""
    if content.kind != "statement" or content.opening is None or account.closing_minor is None:
        return None
    before, after = account.closing_minor, content.opening.amount_minor
    if before == after or first_day_of(content, today) <= account.last_day:
        return None
    return (
        f"The last statement ended with {format_amount(before, content.currency)} on {account.last_day}, this one "
        f"begins with {format_amount(after, content.currency)}: a statement may be missing."
    )


def covered(day: date, lines: Sequence[StatedLine]) -> events.CoveredDay:
    """Return the number and the sums of a day's lines."""
    return events.CoveredDay(
        on=day,
        lines=len(lines),
        credit_minor=sum(line.amount_minor for line in lines if line.amount_minor > 0),
        debit_minor=-sum(line.amount_minor for line in lines if line.amount_minor < 0),
    )


def recorded(
    identified: IdentifiedLine, statement_id: str, account: OwnAccount, *, announced: bool
) -> events.BankLineRecorded:
    """Return the event of a line."""
    line = identified.line
    return events.BankLineRecorded(
        line_id=identified.line_id,
        statement_id=statement_id,
        account_id=account.account_id,
        iban=account.iban,
        currency=account.currency,
        amount_minor=line.amount_minor,
        booked_on=line.booked_on,
        value_on=line.value_on,
        is_announced=announced or not line.is_booked,
        is_reversal=line.is_reversal,
        bank_reference=line.references.bank,
        end_to_end_id=line.references.end_to_end,
        mandate_id=line.references.mandate,
        creditor_reference=line.references.creditor,
        other_references=line.references.others,
        party_name=line.party.name,
        party_account=line.party.account,
        party_bic=line.party.bic,
        remittance_text=line.text,
        bank_code=line.bank_code,
        return_code=line.return_code,
        ordered_minor=line.original_minor,
        ordered_currency=line.original_currency,
        charges_minor=line.charges_minor,
        batch=line.batch,
        place=identified.place,
        credited_account=None if line.credited == account.iban else line.credited,
    )


def taken(
    account: OwnAccount, content: StatedContent, statement_id: str, new: Sequence[StatedLine]
) -> events.StatementTaken:
    """Return the event of the account: the days to which the statement adds lines."""
    by_day: dict[date, list[StatedLine]] = {}
    for line in new:
        if line.is_booked:
            by_day.setdefault(line.booked_on, []).append(line)
    return events.StatementTaken(
        account_id=account.account_id,
        iban=account.iban,
        currency=account.currency,
        statement_id=statement_id,
        format=content.format,
        reference=content.reference,
        sequence=content.sequence,
        opening_minor=content.opening.amount_minor if content.opening else None,
        closing_minor=content.closing.amount_minor if content.closing else None,
        closing_on=content.closing.on if content.closing else None,
        days=tuple(covered(day, lines) for day, lines in sorted(by_day.items())),
    )


def imported(
    account: OwnAccount,
    content: StatedContent,
    statement_id: str,
    known_count: int,
    source: tuple[str, str, int],
    remark: str | None,
) -> events.BankStatementImported:
    """Return the event of the statement. ``source`` is the file's name, its hash and the place in it."""
    sums = covered(date.min, [line for line in content.lines if line.is_booked])
    name, sha256, part = source
    opening, closing, available = content.opening, content.closing, content.available
    return events.BankStatementImported(
        statement_id=statement_id,
        account_id=account.account_id,
        iban=account.iban,
        currency=account.currency,
        format=content.format,
        kind=content.kind,
        reference=content.reference,
        sequence=content.sequence,
        opening_minor=opening.amount_minor if opening else None,
        opening_on=opening.on if opening else None,
        closing_minor=closing.amount_minor if closing else None,
        closing_on=closing.on if closing else None,
        available_minor=available.amount_minor if available else None,
        available_on=available.on if available else None,
        from_on=min(content.days, default=None),
        until_on=max(content.days, default=None),
        line_count=len(content.lines),
        known_count=known_count,
        credit_minor=sums.credit_minor,
        debit_minor=sums.debit_minor,
        remarks=content.remarks if remark is None else (*content.remarks, remark),
        file_name=name,
        file_sha256=sha256,
        file_part=part,
    )
