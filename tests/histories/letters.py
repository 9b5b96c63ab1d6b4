"""A registered letter with its parties, for tests of what is printed and handed over."""

from __future__ import annotations

from datetime import date
from typing import Any

from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from encours.contracts.events.dunning.reminders import DunnedItem, LateTerms, ReminderRequested
from encours.kernel.ids import derived_id
from encours.testing.events import event

REM = derived_id("rem", 1)
CREDITOR = CreditorRow(
    entity_id="ent_1", name="Atelier Dupont & Fils", country="FR", time_zone="Europe/Paris",
    address="1 rue du Lac\n69000 Lyon\nFR", iban="FR7630006000011234567890189", siren="732829320",
    email="compta@dupont.example",
)  # fmt: skip
CUSTOMER = DebtorRow(
    customer_id="cus_1", entity_id="ent_1", name="<Débiteur> SARL", language="fr", email="compta@example.com",
    phone=None, address="2 place Bellecour\n69002 Lyon\nFR", hold_until=None, hold_cause=None, hold_position=0,
    position=2,
)  # fmt: skip


def items(count: int) -> tuple[DunnedItem, ...]:
    terms = LateTerms(penalty_rate_bps=None, indemnity_minor=4_000)
    return tuple(
        event(
            DunnedItem, invoice_id=derived_id("inv", n), number=f"FAC-2026-{n}", days_past_due=30, step="J+30",
            open_minor=123_456 + n, asked_minor=120_000 + n, disputed_minor=3_789, terms=terms,
        )
        for n in range(count)
    )  # fmt: skip


def reminder(count: int = 1, **changes: Any) -> ReminderRequested:
    usual: dict[str, Any] = {
        "reminder_id": REM, "day": date(2026, 4, 30), "channel": "registered_letter", "template": "formal_notice",
        "language": "fr", "items": items(count), "amount_minor": 120_000,
    }  # fmt: skip
    return event(ReminderRequested, **(usual | changes))
