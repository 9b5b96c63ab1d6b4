"""Texts of custom reports."""

from __future__ import annotations

from encours.contracts.events import report
from encours.reading.texts.form import Lines

LINES: Lines = {
    report.ReportSaved: (
        "Report {name} saved by {owner}, version {definition_version}",
        "État {name} enregistré par {owner}, version {definition_version}",
    ),
    report.ReportShared: ("Report shared with: {audience}", "État partagé avec : {audience}"),
    report.ReportDropped: ("Report dropped", "État supprimé"),
}
