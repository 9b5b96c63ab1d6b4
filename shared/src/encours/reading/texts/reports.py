"""Texts of custom reports."""

from __future__ import annotations

from encours.contracts.events import report, schedule
from encours.reading.texts.form import Lines

LINES: Lines = {
    report.ReportSaved: (
        "Report {name} saved by {owner}, version {definition_version}",
        "État {name} enregistré par {owner}, version {definition_version}",
    ),
    report.ReportShared: ("Report shared with: {audience}", "État partagé avec : {audience}"),
    schedule.ScheduleSet: ("Schedule {name} set by {owner}", "Planification {name} fixée par {owner}"),
    schedule.ScheduleEnded: ("Schedule ended", "Planification terminée"),
    schedule.ScheduleStopped: ("Schedule stopped: {why}", "Planification arrêtée : {why}"),
    schedule.ScheduleRan: (
        "Schedule ran for {due_at}; moments missed before: {missed}",
        "Planification exécutée pour {due_at} ; échéances manquées avant : {missed}",
    ),
    schedule.ReportMailRequested: (
        "Report {report_name} as of {as_of} to be sent to {to}",
        "État {report_name} au {as_of} à envoyer à {to}",
    ),
    schedule.ReportMailSent: ("Report sent by mail", "État envoyé par e-mail"),
    schedule.ReportMailFailed: ("Report not sent: {evidence}", "État non envoyé : {evidence}"),
    schedule.ReportMailUnconfirmed: (
        "Report may have been sent; it is not sent again",
        "État peut-être envoyé ; il n'est pas renvoyé",
    ),
    report.ReportDropped: ("Report dropped", "État supprimé"),
}
