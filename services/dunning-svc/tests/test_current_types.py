"""Events that change what a message is made of are folded onto the read model before one leaves."""

from __future__ import annotations

from dunning_svc.read_models.cases.current import FOLDED
from dunning_svc.read_models.cases.fold.by_event import project
from dunning_svc.read_models.cases.model import Cases
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.parties import CreditorRow
from dunning_svc.read_models.cases.rows.policies import PolicyRow, TemplateRow
from encours.testing.firm import eventful_firm


def test_every_event_that_changes_creditor_policy_or_template_is_folded() -> None:
    """A bank account that was set was not: a mail of the next second still asked to pay into the old one."""
    rows = MemoryRows()
    changing = set()
    for e in eventful_firm().events:
        if e.type in Cases.applies:
            kinds = (CreditorRow, PolicyRow, TemplateRow)
            before = {kind: dict(rows.tables.get(kind, {})) for kind in kinds}
            project(e, rows)
            if any(before[kind] != rows.tables.get(kind, {}) for kind in kinds):
                changing.add(e.type)
    assert {"entity.bank_account_set", "template.version_saved", "policy.activated"} <= changing
    assert changing - {"entity.registered"} <= FOLDED
