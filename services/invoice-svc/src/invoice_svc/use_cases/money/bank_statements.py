"""Use cases of bank statements: take in the statements of a file, set the map of CSV columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import date

import msgspec

from encours.contracts.events.money.bank import CsvMapSet
from encours.kernel.ids import derived_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.bank_account import own
from invoice_svc.domain.bank_account.commands import SetCsvMap
from invoice_svc.domain.bank_account.state import OwnAccount, account_id_of
from invoice_svc.domain.bank_statement import decide
from invoice_svc.domain.bank_statement.commands import ImportStatements
from invoice_svc.domain.bank_statement.content import StatedContent, StatedLine
from invoice_svc.domain.bank_statement.identity import IdentifiedLine, LineKey, identify, key_of
from invoice_svc.use_cases.folds import BANK_ACCOUNT, BANK_STATEMENT, ENTITY

Versions = Callable[[str, Sequence[str]], Awaitable[dict[str, int]]]
"""Answers the versions of streams of a ledger, 0 for those that do not exist."""


class TakenStatement(msgspec.Struct, frozen=True):
    """Statement of a file, with the number of its lines that were recorded and of those that were known."""

    statement_id: str
    new_lines: int
    known_lines: int


class StatementsTaken(Result, frozen=True, kw_only=True):
    """The statements of a file in its order; ``id`` is the first."""

    statements: tuple[TakenStatement, ...]


async def import_statements(
    session: Session, command: ImportStatements, versions: Versions
) -> StatementsTaken:
    """Import the statements of a file, all or none. A line that is known, or a statement, changes nothing."""
    await session.get(ENTITY, command.entity_id)
    decide.require_length(command.statements)
    taken = [
        await _Taking(session, command, versions, part, content).take()
        for part, content in enumerate(command.statements, 1)
    ]
    return StatementsTaken(id=taken[0].statement_id, as_of=session.today, statements=tuple(taken))


async def set_csv_map(session: Session, command: SetCsvMap) -> Result:
    """Set the map by which CSV files of an account are read; no event if it is set so already."""
    entity = await session.get(ENTITY, command.entity_id)
    iban = own.find(entity, command.iban, command.iban)
    account_id = account_id_of(command.entity_id, iban, command.currency)
    account = await session.load(BANK_ACCOUNT, account_id)
    if account.csv_map != command.csv_map:
        event = CsvMapSet(
            account_id=account_id, iban=iban, currency=command.currency, csv_map=command.csv_map
        )
        session.emit(account_id, event, entity=command.entity_id)
    return session.result(account_id)


class _Taking:
    """One statement of the file while it is taken in."""

    def __init__(
        self,
        session: Session,
        command: ImportStatements,
        versions: Versions,
        part: int,
        content: StatedContent,
    ) -> None:
        self.session = session
        self.command = command
        self.versions = versions
        self.part = part
        self.content = content

    async def take(self) -> TakenStatement:
        """Record the statement and its new lines, unless it is known."""
        content, today = self.content, self.session.today
        decide.require_past(content, today)
        account = await self._account()
        statement_id = derived_id("bst", account.account_id, self.command.file_sha256, self.part)
        before = await self.session.load(BANK_STATEMENT, statement_id)
        twin = statement_id if before.imported else decide.taken_before(account, content)
        if twin is not None:
            return TakenStatement(twin, 0, len(content.lines))
        new = await self._new_lines(account)
        self._emit(account, statement_id, new)
        return TakenStatement(statement_id, len(new), len(content.lines) - len(new))

    async def _account(self) -> OwnAccount:
        """Return the account that the statement is of, as it is known so far."""
        entity = await self.session.get(ENTITY, self.command.entity_id)
        iban = own.find(entity, self.content.account, self.command.account)
        account_id = account_id_of(entity.entity_id, iban, self.content.currency)
        account = await self.session.load(BANK_ACCOUNT, account_id)
        return account if account.account_id else OwnAccount(account_id, iban, self.content.currency)

    async def _new_lines(self, account: OwnAccount) -> list[IdentifiedLine]:
        """Return the lines that are not known, with their ids."""
        content, today = self.content, self.session.today
        announced = None if content.kind == "statement" else content.kind
        if not decide.is_new_page(account, content, today):
            days = decide.known_days(account, content)
            lines = identify(account.account_id, announced, content.lines, {})
            known = await self._recorded(lines)
            of_known_day = [x.line.is_booked and x.line.booked_on in days for x in lines]
            return [
                x for x, day in zip(lines, of_known_day, strict=True) if not day and x.line_id not in known
            ]
        before: Counter[LineKey] = Counter()
        while True:  # ends, as each round passes a line that was recorded
            lines = identify(account.account_id, announced, content.lines, before)
            known = await self._recorded(lines)
            if not known:
                return lines
            before.update(key_of(x.line) for x in lines if x.line_id in known)

    async def _recorded(self, lines: Sequence[IdentifiedLine]) -> set[str]:
        """Return the ids of lines that are recorded, in the ledger or by this command."""
        ids = [x.line_id for x in lines]
        found = await self.session.ask(self.versions, self.session.meta.ledger, ids) if ids else {}
        return {each for each in ids if found.get(each) or self.session.version(each)}

    def _emit(self, account: OwnAccount, statement_id: str, new: Sequence[IdentifiedLine]) -> None:
        content, entity, today = self.content, self.command.entity_id, self.session.today
        on = min(decide.last_day_of(content, today), today)
        books = content.kind == "statement"
        source = (self.command.file_name, self.command.file_sha256, self.part)
        remark = decide.gap(account, content, today)
        if books:
            taken = decide.taken(account, content, statement_id, [x.line for x in new])
            self.session.emit(account.account_id, taken, entity=entity, effective_on=on)
        known = len(content.lines) - len(new)
        imported = decide.imported(account, content, statement_id, known, source, remark)
        self.session.emit(statement_id, imported, entity=entity, effective_on=on)
        for each in new:
            event = decide.recorded(each, statement_id, account, announced=not books)
            self.session.begin(each.line_id)
            self.session.emit(each.line_id, event, entity=entity, effective_on=_day(each.line, today))


def _day(line: StatedLine, today: date) -> date:
    """Return the business day of a line; what is announced for later is known today."""
    return min(line.booked_on, today)
