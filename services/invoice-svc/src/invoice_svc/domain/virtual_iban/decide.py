"""Rules of a virtual IBAN: one customer holds it on each day, so that what is credited to it names its payer."""

from __future__ import annotations

from datetime import date

from encours.contracts.events.money.bank import VirtualIbanAssigned
from encours.kernel.errors import Invalid, Refusal
from invoice_svc.domain.bank_account.own import ibans_of
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.virtual_iban.commands import AssignVirtualIban
from invoice_svc.domain.virtual_iban.state import Holding, VirtualIban, virtual_iban_id_of


class VirtualIbanTaken(Refusal):
    """Another assignment has days in common (409)."""

    code = "virtual-iban-taken"
    title = "Virtual IBAN is assigned already"
    remedy = "End the other assignment first: PUT it again with its valid_from, and a valid_until."


class VirtualIbanIsOwn(Refusal):
    """All customers pay to the account (422)."""

    code = "virtual-iban-is-own"
    title = "IBAN is an account of the entity"
    status = 422
    remedy = "Assign the virtual IBAN that the bank has given for this customer."


def assign(
    state: VirtualIban, entity: Entity, command: AssignVirtualIban, valid_from: date
) -> list[VirtualIbanAssigned]:
    """Assign the IBAN to the customer; no event if it is assigned so already.

    Raises :class:`VirtualIbanTaken` and :class:`VirtualIbanIsOwn`.
    """
    if command.iban in ibans_of(entity):
        raise VirtualIbanIsOwn(f"All customers of {entity.name} may pay to {command.iban}.")
    if command.valid_until is not None and command.valid_until < valid_from:
        raise Invalid(f"valid_until is {valid_from}, the first day, or later.", "/valid_until")
    wanted = Holding(command.customer_id, valid_from, command.valid_until)
    others = [
        each
        for each in state.holdings
        if (each.holder_id, each.valid_from) != (wanted.holder_id, wanted.valid_from)
    ]
    if wanted in state.holdings or (len(others) == len(state.holdings) and _is_empty(wanted)):
        return []
    for other in others:
        if other.overlaps(wanted):
            until = f"before {other.valid_until}" if other.valid_until else "without end"
            raise VirtualIbanTaken(
                f"{command.iban} is assigned to {other.holder_id} from {other.valid_from}, {until}."
            )
    return [
        VirtualIbanAssigned(
            virtual_iban_id=virtual_iban_id_of(entity.entity_id, command.iban),
            iban=command.iban,
            holder_id=command.customer_id,
            valid_from=valid_from,
            valid_until=command.valid_until,
        )
    ]


def _is_empty(holding: Holding) -> bool:
    return holding.valid_until == holding.valid_from
