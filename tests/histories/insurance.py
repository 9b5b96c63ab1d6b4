"""A credit desk with an insurance contract."""

from __future__ import annotations

from datetime import date

from encours.contracts.events.insurance import InsuranceTerms
from encours.contracts.events.parties.entity import EntityRegistered
from encours.testing.events import event
from risk_svc.domain.insurance import contract, cover
from risk_svc.use_cases import insurance
from tests.histories.credit import HEAD, CreditDesk

TERMS = InsuranceTerms(
    insured_share_bps=9_000,
    longest_extension_days=60,
    notice_days=60,
    hand_over_days=120,
    waiting_days=150,
    stop_days=60,
    unnamed_minor=5_000_00,
)
CONTRACT = contract.SetInsuranceContract(
    "C26", "ent_1", "Coface", "FR-4711", "EUR", date(2026, 1, 1), None, TERMS
)
COVER = cover.GrantCover(f"cov_{1:032x}", HEAD, "C26", "named", "permanent", 1_000_00, "EUR", None, None)


def desk_with_contract() -> CreditDesk:
    """Set the contract; return the desk."""
    desk = CreditDesk()
    desk.happen(event(EntityRegistered, entity_id="ent_1"))
    assert desk.do(insurance.set_contract, CONTRACT) == ["insurance_contract.set"]
    return desk
