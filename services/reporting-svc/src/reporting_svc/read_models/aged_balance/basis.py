"""Date that the days of an aged balance are counted from, with the definition that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from encours.contracts.events.schedule import CountedBy
from reporting_svc.domain.measures.definitions import AGED_BY_DUE_DATE, AGED_BY_ISSUE_DATE, Definition
from reporting_svc.read_models.receivables.subtotals import Basis


@dataclass(frozen=True, slots=True)
class CountedFrom:
    """Column of the date, and the definition of the aged balance."""

    basis: Basis
    definition: Definition


COUNTED_FROM: Mapping[CountedBy, CountedFrom] = {
    "due_date": CountedFrom("due_on", AGED_BY_DUE_DATE),
    "issue_date": CountedFrom("issued_on", AGED_BY_ISSUE_DATE),
}
