"""Dispatch of scheduled reports: as they were known at the decision, each sent once, as all notices are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import asyncpg
import structlog

from encours.contracts import Event, Recorded
from encours.contracts.events.dunning.reminders import MessageProof
from encours.contracts.events.report import ReportDocument, ReportSaved
from encours.contracts.events.schedule import (
    ReportMailFailed,
    ReportMailRequested,
    ReportMailSent,
    ReportMailUnconfirmed,
)
from encours.http.access.keys import Fetch
from encours.kernel.errors import DomainError
from encours.ledger import Ledger
from encours.ledger.model import LedgerInfo
from encours.mail.attempts import Attempts, Claim
from encours.mail.door import MailDoor
from encours.mail.mime import Attachment
from encours.mail.notices import NoticeDispatcher, settled
from encours.mail.smtp import Handed
from encours.reading.moment import TimeTravel, View
from encours.reading.read_db import ReadDb
from reporting_svc.domain.report.document import plan_of
from reporting_svc.domain.schedule.state import MailOutcome
from reporting_svc.exports.layouts.tables import MEDIA
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.reports.model import Reports
from reporting_svc.read_models.reports.schedules import requested_mails
from reporting_svc.reports.access import grant_of, unseen
from reporting_svc.reports.files import file_name, report_file
from reporting_svc.reports.message import ATTACHED_BYTES_MAX, ReportText, report_text
from reporting_svc.reports.run import run_report
from reporting_svc.use_cases.reports import REPORT
from reporting_svc.use_cases.schedules import record_mail_outcome

AT_A_TIME = 4
"""Reports that are made before they are sent: each may hold a file in memory."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OutgoingReport:
    """A report that is ready to be sent, or the ``problem`` why there is none; ``later``: it is tried again."""

    to: str
    text: ReportText | None
    attachments: tuple[Attachment, ...] = ()
    problem: str = ""
    later: bool = False


def _sent(events: Iterable[Recorded], mail: ReportMailRequested) -> ReportDocument:
    """Return the document of a mail's version, also if the dates of the mail are before it was saved.

    Raises ``LookupError``.
    """
    for event in events:
        if isinstance(event.data, ReportSaved) and event.data.definition_version == mail.definition_version:
            return event.data.document
    raise LookupError(f"{mail.report_id} has no version {mail.definition_version}")


class ReportMailDispatcher(NoticeDispatcher[ReportMailRequested, OutgoingReport, MailDoor]):
    """Dispatches the reports of one process."""

    def __init__(self, ledger: Ledger, db: ReadDb, attempts: Attempts, door: MailDoor, grants: Fetch) -> None:
        super().__init__(ledger, db, attempts, door)
        self._grants = grants

    async def requested(self, info: LedgerInfo) -> tuple[Mapping[str, ReportMailRequested], bool]:
        """Return the oldest mails without an outcome."""
        async with self.db.snapshot(Reports.name, info.name) as (conn, schema, _):
            # Read without the cache, after the rows: an older value would send what was decided before a restore.
            known = await self.ledger.info(info.name, fresh=True)
            found = await requested_mails(conn, schema, info.name, known.effects_from, AT_A_TIME)
        return {each.mail_id: each for each in found}, bool(found)

    async def standing(
        self, info: LedgerInfo, fresh: Mapping[str, ReportMailRequested], today: date
    ) -> Mapping[str, OutgoingReport] | None:
        """Return the reports as files; None until the receivables have reached the positions of the decisions."""
        last = max(each.position for each in fresh.values())
        if not await self.db.wait_for(Receivables.name, info.name, last, timeout=0.0):
            return None
        return {key: await self._made(info, each) for key, each in fresh.items()}

    async def _made(self, info: LedgerInfo, mail: ReportMailRequested) -> OutgoingReport:
        """Run the report with the rights that its owner has at this moment, as it was at the decision."""
        events = await self.ledger.read_stream(info.name, mail.report_id)
        now = REPORT.fold(events)
        grant = await grant_of(self._grants, mail.owner, now.entity_id)
        problem = grant if isinstance(grant, str) else unseen(now, mail.owner)
        if isinstance(grant, str) or problem is not None:
            return OutgoingReport(mail.to, None, problem=problem or "")
        async with self.db.snapshot(Receivables.name, info.name) as moment:
            time = TimeTravel.known_at_position(mail.as_of, mail.position)
            view = View(moment.conn, moment.schema, time, grant.limited_to, moment.incomplete)
            try:
                run = await run_report(view, plan_of(_sent(events, mail)), now.entity_id or None)
            except DomainError as refused:
                return OutgoingReport(mail.to, None, problem=refused.detail, later=refused.status >= 500)
            except asyncpg.QueryCanceledError as slow:
                return OutgoingReport(mail.to, None, problem=f"{slow}", later=True)
            except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError) as failed:
                # A fault in one report, which no retry mends, must not delay the others.
                log.exception("report.failed", ledger=info.name, mail=mail.mail_id)
                return OutgoingReport(mail.to, None, problem=f"{type(failed).__name__}: {failed}"[:400])
        content = await asyncio.to_thread(report_file, run.table, mail.format, mail.as_of)
        text = report_text(mail, run, len(content))
        if len(content) > ATTACHED_BYTES_MAX:
            return OutgoingReport(mail.to, text)
        name = file_name(mail.report_name, mail.as_of, mail.format)
        return OutgoingReport(
            mail.to, text, (Attachment(name, MEDIA[mail.format].partition(";")[0], content),)
        )

    async def send(
        self, info: LedgerInfo, key: str, prepared: OutgoingReport, claim: Claim
    ) -> tuple[Handed, MessageProof | None]:
        """Send the mail. Raises ``ValueError`` for one that cannot be made."""
        if prepared.later:
            # Such as figures that do not tie out: the mail waits as after a deferral by the server.
            return Handed("deferred", prepared.problem), None
        if prepared.text is None:
            raise ValueError(prepared.problem)
        handed = await self.carriers.tell(
            info, key, prepared.to, prepared.text, claim.first_at, prepared.attachments
        )
        return handed, None

    def outcome(
        self,
        ledger: str,
        request: ReportMailRequested,
        handed: Handed,
        age: timedelta,
        proof: MessageProof | None,
    ) -> Event | None:
        """Return the outcome of a delivery; None for another try."""
        key = request.mail_id
        match settled(handed, age):
            case "sent":
                return ReportMailSent(mail_id=key, evidence=handed.evidence)
            case "unconfirmed":
                return ReportMailUnconfirmed(mail_id=key)
            case "failed":
                return ReportMailFailed(mail_id=key, evidence=handed.evidence)
            case None:
                return None

    async def append(self, ledger: str, request: ReportMailRequested, outcome: Event, on: date) -> None:
        """Append the outcome of a mail, in the entity of its report."""
        assert isinstance(outcome, MailOutcome)
        events = await self.ledger.read_stream(ledger, request.mail_id)
        await record_mail_outcome(self.ledger, ledger, events[0].entity, outcome, on)
