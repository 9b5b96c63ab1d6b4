"""Reasons of a forecast in words, the weightiest first."""

from __future__ import annotations

from typing import Literal

from risk_svc.domain.score.model import Forecast

_WORDS: dict[str, dict[str, str]] = {
    "open-late": {
        "en": "Invoices open past due: {open_late}; most days past due: {oldest}.",
        "fr": "Factures échues et non réglées\u00a0: {open_late}\u00a0; plus long retard en jours\u00a0: {oldest}.",
    },
    "settled-late": {
        "en": "Settled late: {late} of the invoices that count, {settled} in all.",
        "fr": "Réglées en retard\u00a0: {late} des factures prises en compte ({settled} en tout).",
    },
    "settled-in-time": {
        "en": "Settled in time: all invoices that count, {settled} in all.",
        "fr": "Réglées à l’échéance\u00a0: toutes les factures prises en compte ({settled} en tout).",
    },
    "no-outcome": {
        "en": "No invoice is settled or past due yet: the level of the segment stands for the customer.",
        "fr": "Aucune facture réglée ou échue\u00a0: le niveau du segment tient lieu de celui du client.",
    },
}


def reasons(forecast: Forecast, language: Literal["en", "fr"]) -> dict[str, str]:
    """Return the reasons of a forecast: sentences by their stable codes."""
    seen = forecast.level
    found = ["open-late"] if seen.open_late else []
    if seen.settled:
        found.append("settled-late" if seen.settled_late else "settled-in-time")
    figures = {
        "open_late": seen.open_late,
        "oldest": seen.oldest_open_days,
        "late": seen.settled_late,
        "settled": seen.settled,
    }
    return {code: _WORDS[code][language].format(**figures) for code in found or ["no-outcome"]}
