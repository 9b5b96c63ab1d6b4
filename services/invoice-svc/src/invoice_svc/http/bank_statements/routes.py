"""Routes of /v1/bank-statements and /v1/bank-lines."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import Query as QueryParam
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from encours.http.bodies.uploads import chunks
from encours.http.catalogue import TooLarge
from encours.http.commands import Command, command
from encours.http.models import BusinessDate
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.ledger.execute import Done
from encours.reading.pages import Page
from invoice_svc.bank.reading import MAX_BYTES
from invoice_svc.bank.receiving import BankDesk
from invoice_svc.domain.bank_line.commands import IgnoreLine, UndoLine
from invoice_svc.domain.bank_line.state import LineStatus
from invoice_svc.http.bank_statements.answers import (
    BANK_LINE_ANSWER,
    BANK_STATEMENT_ANSWER,
    CSV_MAP_ANSWER,
    MATCHED_ANSWER,
    PROPOSALS_ANSWER,
    BankFileTakenOut,
    BankLineListing,
    BankLineOut,
    BankStatementListing,
    BankStatementOut,
    CsvMapOut,
    LineProposalsOut,
    MatchedLineOut,
)
from invoice_svc.http.bank_statements.bodies import (
    UPLOAD,
    BankFileParameters,
    BankLineId,
    BankStatementId,
    CorrectLineBody,
    CsvMapBody,
    LineReasonBody,
    MatchLineBody,
    OwnIban,
)
from invoice_svc.http.common import EntityId, Iban
from invoice_svc.http.reads import show, show_page
from invoice_svc.imports.lookups import only_entity_of
from invoice_svc.read_models.advices.lookup import AdviceQueries
from invoice_svc.read_models.bank import query
from invoice_svc.read_models.bank.taken import PaymentsOfLines
from invoice_svc.read_models.invoices.candidates import Candidates
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.folds import BANK_STATEMENT
from invoice_svc.use_cases.money import bank_lines, bank_statements

router = Router(tags=["Bank statements"])
STATEMENTS_PAGE = paging("id", "stated_on", default="id", key="statement_id", columns={"id": "statement_id"})
LINES_PAGE = paging("id", "booked_on", default="id", key="line_id", columns={"id": "line_id"})
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("payments:write")]


@router.post("/v1/bank-statements", response_model=BankFileTakenOut, status_code=201, openapi_extra=UPLOAD)
async def import_bank_statements(
    request: Request,
    cmd: Annotated[Command, command("payments:write", upload=True)],
    parameters: Annotated[BankFileParameters, QueryParam()],
) -> Response:
    """Import a bank's file, whole or not at all; lines that are known change nothing.

    camt.052, 053, 054, MT940, MT942, CFONB 120 and OFX are told apart by their content; `text/csv` is read by the
    map that is set for the account.
    """
    wanted = parameters.to_command(request)
    data = await _body(request, cmd)
    fingerprint = hashlib.sha256(cmd.meta.fingerprint + data).digest()
    desk = BankDesk(cmd.ledger, only_entity_of(cmd.services.db))
    cmd = replace(cmd, meta=replace(cmd.meta, fingerprint=fingerprint))
    read = await desk.read(cmd.meta, wanted, data)
    done = await cmd.perform(bank_statements.import_statements, read, cmd.ledger.versions)
    if cmd.meta.dry_run:
        return cmd.respond(done, {})
    return cmd.respond(done, await _taken(done), status=201)


@router.get("/v1/bank-statements", response_model=BankStatementListing)
async def list_bank_statements(
    q: Reading,
    page: Annotated[Page, STATEMENTS_PAGE],
    entity_id: EntityId | None = None,
    iban: Iban | None = None,
) -> Response:
    """List the imported statements."""
    async with q.view(NAME) as view:
        rows = await query.statements(view, page, entity_id=entity_id, iban=iban)
    return await show_page(q, view, page, rows, "statement_id", BANK_STATEMENT_ANSWER)


@router.get("/v1/bank-statements/{statement_id}", response_model=BankStatementOut)
async def get_bank_statement(statement_id: BankStatementId, q: Reading) -> Response:
    """Get a statement; its lines are listed by `GET /v1/bank-lines?statement_id=`."""
    return await show(q, BANK_STATEMENT_ANSWER, statement_id)


@router.get("/v1/bank-lines", response_model=BankLineListing)
async def list_bank_lines(
    q: Reading,
    page: Annotated[Page, LINES_PAGE],
    entity_id: EntityId | None = None,
    statement_id: BankStatementId | None = None,
    iban: Iban | None = None,
    status: LineStatus | None = None,
    direction: query.Direction | None = None,
    booked_from: BusinessDate | None = None,
    booked_until: BusinessDate | None = None,
) -> Response:
    """List the lines of bank statements with their status as of a date."""
    wanted = query.LineFilter(entity_id, statement_id, iban, status, direction, booked_from, booked_until)
    async with q.view(NAME) as view:
        rows = await query.lines(view, page, wanted)
    return await show_page(q, view, page, rows, "line_id", BANK_LINE_ANSWER)


@router.get("/v1/bank-lines/{line_id}", response_model=BankLineOut)
async def get_bank_line(line_id: BankLineId, q: Reading) -> Response:
    """Get a line of a statement."""
    return await show(q, BANK_LINE_ANSWER, line_id)


@router.get("/v1/bank-lines/{line_id}/proposals", response_model=LineProposalsOut)
async def list_proposals(line_id: BankLineId, q: Reading) -> Response:
    """Get the sets of invoices that a line may pay, the best first, with their reasons."""
    return await show(q, PROPOSALS_ANSWER, line_id)


@router.post("/v1/bank-lines/{line_id}/match", response_model=MatchedLineOut)
async def match_bank_line(line_id: BankLineId, cmd: Writing, body: MatchLineBody | None = None) -> Response:
    """Book a line as a payment: a recorded one, a proposal, or a new one with its allocations."""
    return await cmd.run(
        bank_lines.match,
        (body or MatchLineBody()).to_command(line_id),
        Candidates(cmd.services.db, cmd.ledger),
        PaymentsOfLines(cmd.services.db, cmd.ledger),
        AdviceQueries(cmd.services.db, cmd.ledger).open_advices,
        answer=MATCHED_ANSWER,
        on=line_id,
    )


@router.post("/v1/bank-lines/{line_id}/correct", response_model=MatchedLineOut)
async def correct_bank_line(line_id: BankLineId, body: CorrectLineBody, cmd: Writing) -> Response:
    """Withdraw the decision on a line, as `undo` does, and book it anew, as `match` does."""
    return await cmd.run(
        bank_lines.correct,
        body.to_correction(line_id),
        Candidates(cmd.services.db, cmd.ledger),
        PaymentsOfLines(cmd.services.db, cmd.ledger),
        AdviceQueries(cmd.services.db, cmd.ledger).open_advices,
        answer=MATCHED_ANSWER,
        on=line_id,
    )


@router.post("/v1/bank-lines/{line_id}/ignore", response_model=BankLineOut)
async def ignore_bank_line(line_id: BankLineId, body: LineReasonBody, cmd: Writing) -> Response:
    """Leave a line out that is no payment of a customer."""
    return await cmd.run(
        bank_lines.ignore, IgnoreLine(line_id, body.reason), answer=BANK_LINE_ANSWER, on=line_id
    )


@router.post("/v1/bank-lines/{line_id}/undo", response_model=BankLineOut)
async def undo_bank_line(line_id: BankLineId, body: LineReasonBody, cmd: Writing) -> Response:
    """Withdraw the decision on a line. A payment that was recorded with it is reversed."""
    return await cmd.run(bank_lines.undo, UndoLine(line_id, body.reason), answer=BANK_LINE_ANSWER, on=line_id)


@router.put("/v1/entities/{entity_id}/bank-accounts/{iban}/csv-map", response_model=CsvMapOut)
async def set_csv_map(entity_id: EntityId, iban: OwnIban, body: CsvMapBody, cmd: Writing) -> Response:
    """Set the columns of an account's CSV files. Files are read by the map in force when they arrive."""
    wanted = body.to_command(entity_id, iban)
    return await cmd.run(bank_statements.set_csv_map, wanted, answer=CSV_MAP_ANSWER)


async def _body(request: Request, cmd: Command) -> bytes:
    """Return the file. Raises a 413 problem above the limit."""
    limit = min(MAX_BYTES, cmd.services.settings.upload_max_bytes)
    cmd.context.stream_body(limit)
    parts, size = [], 0
    async for chunk in chunks(request):
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"A bank file may have {limit:,} bytes at most.")
        parts.append(chunk)
    return b"".join(parts)


async def _taken(done: Done) -> dict[str, Any]:
    result = done.result(bank_statements.StatementsTaken)
    dates = {"as_of": result.as_of.isoformat(), "known_at": None, "position": done.position}
    statements = []
    for each in result.statements:
        state, version = await done.state(BANK_STATEMENT, each.statement_id)
        statements.append(
            {
                "id": each.statement_id,
                "new_lines": each.new_lines,
                "known_lines": each.known_lines,
                "statement": BANK_STATEMENT_ANSWER.shown(state, version, result.as_of) | dates,
            }
        )
    return {
        "statements": statements,
        "new_lines": sum(each.new_lines for each in result.statements),
        "known_lines": sum(each.known_lines for each in result.statements),
    } | dates
