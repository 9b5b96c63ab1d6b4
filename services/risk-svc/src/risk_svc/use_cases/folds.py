"""Initial state and fold of each kind of stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from encours.ledger.states import Folder
from risk_svc.use_cases import (
    checks,
    grades,
    guarantees,
    insurance,
    limits,
    proposals,
    provisions,
    reservations,
    risk_terms,
    score_models,
    standing,
)
from risk_svc.use_cases.file import facts, openings
from risk_svc.use_cases.warnings import commands as warnings

FOLDERS: Mapping[str, Folder[Any]] = {
    "lim": limits.LIMIT,
    "dec": checks.CHECK,
    "rsv": reservations.RESERVATION,
    "crl": reservations.CREDIT_LINE,
    "obl": reservations.ORDER_BILLING,
    "ocr": reservations.ORDER_CREDIT,
    "crp": standing.CREDIT_POLICY,
    "chd": standing.CREDIT_HOLD,
    "bdg": standing.PAYER_BADGE,
    "gua": guarantees.GUARANTEE,
    "score": score_models.SCORE_MODELS,
    "grd": grades.GRADE,
    "lfo": proposals.FORMULA,
    "fin": proposals.FINANCIALS,
    "crv": proposals.REVIEW,
    "rtm": risk_terms.RISK_TERMS,
    "icn": insurance.INSURANCE_CONTRACT,
    "cov": insurance.COVER,
    "idl": insurance.DEADLINE,
    "pvo": provisions.OVERLAY,
    "fct": facts.CREDIT_FACTS,
    "cmt": facts.CREDIT_COMMENTS,
    "acl": openings.ACCOUNT_CHECKLIST,
    "aco": openings.ACCOUNT_OPENING,
    "wrn": warnings.CREDIT_WARNING,
    "wru": warnings.WARNING_RULES,
}
"""Folders by prefix of the stream's id, for a replay of any stream."""
