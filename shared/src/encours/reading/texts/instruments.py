"""Texts of cheques, bills of exchange and promissory notes."""

from __future__ import annotations

from encours.contracts.events import cover, instrument
from encours.reading.texts.form import Lines

LINES: Lines = {
    instrument.InstrumentReceived: (
        "{kind} {number} of {amount_minor} received, due {matures_on}",
        "{kind} {number} de {amount_minor} reçu(e), échéance {matures_on}",
    ),
    instrument.InstrumentAccepted: ("Bill of {amount_minor} accepted", "Traite de {amount_minor} acceptée"),
    instrument.InstrumentRefused: (
        "Acceptance of a bill of {amount_minor} refused: {cause}",
        "Acceptation d'une traite de {amount_minor} refusée : {cause}",
    ),
    instrument.InstrumentExtended: (
        "Maturity of an instrument of {amount_minor} moved from {matured_on} to {matures_on}: {cause}",
        "Échéance d'un effet de {amount_minor} reportée du {matured_on} au {matures_on} : {cause}",
    ),
    instrument.InstrumentRemitted: (
        "Instrument of {amount_minor} remitted to the bank on {remitted_on}",
        "Effet de {amount_minor} remis à l'encaissement le {remitted_on}",
    ),
    instrument.InstrumentCleared: (
        "Instrument of {amount_minor} paid on {cleared_on} ({basis})",
        "Effet de {amount_minor} payé le {cleared_on} ({basis})",
    ),
    instrument.ClearingWithdrawn: (
        "Payment of an instrument of {amount_minor} withdrawn: {cause}",
        "Paiement d'un effet de {amount_minor} annulé : {cause}",
    ),
    instrument.InstrumentReturned: (
        "Instrument of {amount_minor} returned unpaid on {returned_on}: {cause}",
        "Effet de {amount_minor} revenu impayé le {returned_on} : {cause}",
    ),
    instrument.InstrumentUnconfirmed: (
        "Instrument of {amount_minor} neither paid nor returned by {clears_by}",
        "Effet de {amount_minor} ni payé ni rejeté au {clears_by}",
    ),
    instrument.InstrumentCancelled: (
        "Instrument of {amount_minor} given back: {cause}",
        "Effet de {amount_minor} restitué : {cause}",
    ),
    cover.InvoiceCovered: (
        "{amount_minor} of the invoice covered by a {kind} until {matures_on}",
        "{amount_minor} de la facture couverts par {kind} jusqu'au {matures_on}",
    ),
    cover.InvoiceUncovered: (
        "{amount_minor} no longer covered by an instrument ({outcome})",
        "{amount_minor} plus couverts par un effet ({outcome})",
    ),
}
