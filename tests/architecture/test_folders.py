"""Every fold of a service can be replayed: it is declared with the prefix of its streams."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

import dunning_svc
import invoice_svc
import reporting_svc
import risk_svc
from encours.contracts import decode
from encours.contracts.families import FAMILIES
from encours.contracts.golden import samples
from encours.ledger.states import Folder
from encours.replay.compare import shown
from encours.replay.folders import LATEST, SERVICES_THAT_FOLD, Folders, installed_folders
from encours.testing.history import recorded

SERVICES = (invoice_svc, dunning_svc, risk_svc, reporting_svc)
PREFIXES = {family.name: family.streams[0] for family in FAMILIES}
READS_FOREIGN_STREAMS = {
    "dunning_svc.domain.task.state.CLAIM": "the invoice is invoice-svc's",
    "dunning_svc.domain.approval.state.APPROVERS": "the approval circuit is invoice-svc's",
    "dunning_svc.domain.hold.state.DEBTOR": "the customer is invoice-svc's",
    "dunning_svc.domain.template.state.CREDITOR": "the entity is invoice-svc's",
    "risk_svc.use_cases.customers.CUSTOMER": "the customer is invoice-svc's",
    "risk_svc.use_cases.standing.ENTITY": "the entity is invoice-svc's",
    "risk_svc.use_cases.reservations.BILLING_INVOICE": "the invoice is invoice-svc's",
    "risk_svc.use_cases.deposits.ORDERED_GOODS": "the order is invoice-svc's",
    "risk_svc.use_cases.deposits.DEPOSIT_INVOICE": "the invoice is invoice-svc's",
    "invoice_svc.use_cases.sales.clearance.ORDER_RULES": "the credit policy is risk-svc's",
    "invoice_svc.use_cases.sales.clearance.ORDER_CREDIT": "the credit of an order is risk-svc's",
    "invoice_svc.use_cases.sales.clearance.ORDERED_GOODS": "the order as both services fold it",
    "invoice_svc.use_cases.sales.clearance.DEPOSIT_INVOICE": "the invoice as both services fold it",
    "invoice_svc.use_cases.sales.clearance.ORDER_BILLING": "the billing of an invoice is risk-svc's",
    "invoice_svc.use_cases.sales.clearance.RESERVED_CREDIT": "the reservation is risk-svc's",
    "invoice_svc.use_cases.sales.clearance.HELD_CUSTOMER": "the hold is risk-svc's",
    "invoice_svc.imports.takeover._IMPORT": "counts the events of an import, no more",
}


def _folders() -> Iterator[tuple[str, Folder[Any]]]:
    for service in SERVICES:
        for module in pkgutil.walk_packages(service.__path__, f"{service.__name__}."):
            if module.name.endswith("__main__"):
                continue
            for name, value in vars(import_module(module.name)).items():
                if isinstance(value, Folder):
                    yield f"{module.name}.{name}", value


def test_each_folder_is_declared_or_reads_a_stream_of_another_service() -> None:
    declared = {
        id(folder)
        for service in SERVICES_THAT_FOLD
        for folder in import_module(f"{service}.use_cases.folds").FOLDERS.values()
    }
    excused = {id(folder) for name, folder in _folders() if name in READS_FOREIGN_STREAMS}
    forgotten = {name for name, folder in _folders() if id(folder) not in declared | excused}
    assert not forgotten, "name them in FOLDERS of the service's use_cases.folds"


def test_a_prefix_leads_to_one_folder() -> None:
    folders = installed_folders()
    assert {service.__name__ for service in SERVICES} == set(SERVICES_THAT_FOLD)
    assert folders.of("inv_0190").initial() == import_module("invoice_svc.domain.invoice.state").Invoice()
    assert folders.of("calendar") is LATEST
    assert folders.of("dunning-2026-03-31") is LATEST
    one: Folder[int] = Folder(int, lambda count, _: count + 1)
    with pytest.raises(ValueError, match="two services fold inv"):
        Folders({"inv": one}, {"inv": one})


def test_every_event_leads_to_a_state_that_can_be_printed() -> None:
    folders = installed_folders()
    for name, version, data in samples():
        prefix = PREFIXES.get(name.partition(".")[0], "other")
        event = recorded(decode(name, version, data), stream=f"{prefix}_1")
        state = folders.of(event.stream).fold([event])
        assert json.loads(json.dumps(shown(state))) or state == folders.of(event.stream).initial(), name
