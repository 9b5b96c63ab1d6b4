"""Commands on a bank account."""

from __future__ import annotations

from dataclasses import dataclass

from encours.contracts.events.money.bank import CsvMap


@dataclass(frozen=True, slots=True)
class SetCsvMap:
    """Read the CSV files of an account by this map from now on. The IBAN is one of the entity's accounts."""

    entity_id: str
    iban: str
    currency: str
    csv_map: CsvMap
