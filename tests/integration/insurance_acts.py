"""Credit insurance in the random histories of receivables."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from encours.contracts.events.insurance import (
    CoverCancelled,
    CoverGranted,
    CoverReduced,
    InsuranceContractSet,
    InsuranceTerms,
)
from encours.testing.events import event as sample
from tests.integration.naive_insured import SHARE
from tests.integration.receivable_histories import DAY_0, ENTITY, Books, customer_of

CONTRACT = "icn_" + "1" * 32
TERMS = sample(
    InsuranceTerms, insured_share_bps=SHARE * 100, longest_extension_days=3_000, notice_days=3_000,
    hand_over_days=3_000, stop_days=3_000, counted_from="due_date", insolvency_days=None, deductible_minor=0,
    vat_included=True, turnover=None, calendar="TARGET",
)  # fmt: skip


def insure(b: Books, n: int, day: date, amount: int) -> None:
    """A customer gets a cover, or an earlier one is reduced or cancelled; no claim is ever lost."""
    if CONTRACT not in b.versions:
        contract = sample(
            InsuranceContractSet, insurance_contract_id=CONTRACT, entity_id=ENTITY, code="main", version=1,
            currency="EUR", valid_from=DAY_0 - timedelta(days=400), valid_until=None, conditions=TERMS,
        )  # fmt: skip
        b.record(CONTRACT, contract, day)
    earlier = sorted(stream for stream in b.versions if stream.startswith("icv_"))
    if not earlier or n % 3 < 2:
        cover_id = b.id("icv")
        granted = sample(
            CoverGranted, cover_id=cover_id, insurance_contract_id=CONTRACT, contract_code="main",
            customer_id=customer_of(n), amount_minor=amount, currency="EUR",
            valid_from=day - timedelta(days=n % 60), valid_until=day + timedelta(days=30) if n % 5 == 0 else None,
            term="temporary" if n % 5 == 0 else "permanent",
        )  # fmt: skip
        b.record(cover_id, granted, day)
        return
    cover_id = earlier[n % len(earlier)]
    given: dict[str, Any] = {"cover_id": cover_id, "insurance_contract_id": CONTRACT, "from_on": day}
    customer = next(e.recorded().data.customer_id for e in b.log if e.stream == cover_id)  # type: ignore[attr-defined]
    given["customer_id"] = customer
    if n % 2:
        b.record(cover_id, sample(CoverReduced, **given, amount_minor=amount // 2, currency="EUR"), day)
    else:
        b.record(cover_id, sample(CoverCancelled, **given, run_off_days=n % 9), day)
