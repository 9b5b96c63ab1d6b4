"""Texts of credit insurance (contracts, covers, deadlines) and of expected loss."""

from __future__ import annotations

from encours.contracts.events import insurance, provision
from encours.reading.texts.form import Lines

LINES: Lines = {
    provision.ProvisionOverlaySet: (
        "Overlay of the provision matrix, version {version}: {text}",
        "Ajustement de la matrice de provision, version {version} : {text}",
    ),
    insurance.InsuranceContractSet: (
        "Credit-insurance contract {code} with {insurer}, version {version}",
        "Contrat d'assurance-crédit {code} chez {insurer}, version {version}",
    ),
    insurance.CoverGranted: (
        "Insured up to {amount_minor} ({term}) by contract {contract_code} from {valid_from}",
        "Assuré jusqu'à {amount_minor} ({term}) par le contrat {contract_code} à partir du {valid_from}",
    ),
    insurance.CoverReduced: (
        "Insurance cover reduced to {amount_minor} from {from_on}",
        "Agrément réduit à {amount_minor} à partir du {from_on}",
    ),
    insurance.CoverCancelled: (
        "Insurance cover cancelled from {from_on}",
        "Agrément résilié à partir du {from_on}",
    ),
    insurance.CoverStopped: (
        "Insurance cover of new deliveries stopped: a debt is {days_past_due} day(s) past due",
        "Garantie des nouvelles livraisons arrêtée : une créance a {days_past_due} jour(s) de retard",
    ),
    insurance.CoverResumed: (
        "Insurance cover of new deliveries resumed",
        "Garantie des nouvelles livraisons rétablie",
    ),
    insurance.InsuranceDeadlineAlerted: (
        "Insurance deadline ({kind}) on {last_day}, contract {contract_code}",
        "Échéance d'assurance-crédit ({kind}) le {last_day}, contrat {contract_code}",
    ),
    insurance.InsuranceDeadlineMissed: (
        "Insurance deadline ({kind}) of {last_day} missed, contract {contract_code}",
        "Échéance d'assurance-crédit ({kind}) du {last_day} manquée, contrat {contract_code}",
    ),
    insurance.InsuranceDeadlineMet: (
        "Insurance deadline ({kind}) met on {met_on}, contract {contract_code}",
        "Échéance d'assurance-crédit ({kind}) respectée le {met_on}, contrat {contract_code}",
    ),
}
