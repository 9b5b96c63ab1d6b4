"""Text of the mail that brings a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal

from encours.contracts.events.schedule import ReportMailRequested
from encours.kernel.money import money_text
from encours.reading.texts.form import day_text
from reporting_svc.reports.run import ReportRun

ATTACHED_BYTES_MAX = 5 * 2**20
"""Largest file that is attached; mail servers refuse messages of 10 MB and more, and encoding adds a third."""
_WORDS: Mapping[Literal["en", "fr"], Mapping[str, str]] = {
    "en": {
        "subject": "Report {name} as of {as_of}",
        "rows": "Rows: {rows}.",
        "left_out": "Further rows beyond the limit of the report: {left_out}.",
        "tied": "Tied out with the customers' account: {ledger}.",
        "attached": "The file is attached.",
        "large": "The file is too large to be attached ({size} MB). Get it with your API key: {path}",
        "why": "Sent by the schedule {schedule}; its owner ends it with DELETE /v1/schedules/{schedule}.",
    },
    "fr": {
        "subject": "État {name} au {as_of}",
        "rows": "Lignes : {rows}.",
        "left_out": "Autres lignes, au-delà de la limite de l'état : {left_out}.",
        "tied": "Rapproché du compte clients : {ledger}.",
        "attached": "Le fichier est joint.",
        "large": "Le fichier est trop volumineux pour être joint ({size} Mo). À obtenir avec votre clé d'API : {path}",
        "why": "Envoyé par la planification {schedule} ; son auteur y met fin par DELETE /v1/schedules/{schedule}.",
    },
}


@dataclass(frozen=True, slots=True)
class ReportText:
    """Text of a mail."""

    subject: str
    text: str
    html: str


def report_text(mail: ReportMailRequested, run: ReportRun, size: int) -> ReportText:
    """Return the text: the number of rows, the tie-out of each currency, and the file or its address."""
    words = _WORDS[mail.language]
    path = (
        f"/v1/reports/{mail.report_id}/run?format={mail.format}&as_of={mail.as_of}&known_at={mail.position}"
    )
    lines = [words["rows"].format(rows=len(run.table.rows))]
    if run.table.left_out:
        lines.append(words["left_out"].format(left_out=run.table.left_out))
    for each in (tied.figures for tied in run.tied_out):
        lines.append(words["tied"].format(ledger=money_text(each.ledger, each.currency, mail.language)))
    is_large = size > ATTACHED_BYTES_MAX
    lines.append(words["large"].format(size=-(-size // 2**20), path=path) if is_large else words["attached"])
    lines.append(words["why"].format(schedule=mail.report_schedule_id))
    html = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return ReportText(
        subject=words["subject"].format(name=mail.report_name, as_of=day_text(mail.as_of, mail.language)),
        text="\n\n".join(lines) + "\n",
        html=f'<!doctype html>\n<html lang="{mail.language}"><body>{html}</body></html>\n',
    )
