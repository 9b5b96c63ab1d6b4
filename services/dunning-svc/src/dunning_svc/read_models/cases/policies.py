"""Policies of the ledger, from their events."""

from __future__ import annotations

from msgspec import json
from msgspec.structs import replace

from dunning_svc.read_models.cases.rows import PolicyRow, Rows, existing
from encours.contracts import Recorded
from encours.contracts.events import policy
from encours.contracts.events.policies.document import PolicyDocument

PolicyEvent = policy.PolicyCreated | policy.PolicyVersionAdded | policy.PolicyActivated | policy.PolicyRetired


def policy_changed(e: Recorded, data: PolicyEvent, rows: Rows) -> None:
    """Store a policy, a further version of it, or the version in force."""
    match data:
        case policy.PolicyCreated():
            row = PolicyRow(
                policy_id=data.policy_id,
                documents=[_text(data.document)],
                active_version=0,
                activated_on=None,
                activated_position=0,
            )
        case policy.PolicyVersionAdded():
            row = existing(rows, PolicyRow, data.policy_id)
            row = replace(row, documents=[*row.documents, _text(data.document)])
        case policy.PolicyActivated():
            row = existing(rows, PolicyRow, data.policy_id)
            row = replace(
                row, active_version=data.version, activated_on=e.effective_on, activated_position=e.position
            )
        case policy.PolicyRetired():
            row = existing(rows, PolicyRow, data.policy_id)
            row = replace(row, active_version=0, activated_on=None, activated_position=e.position)
    rows.put(row)


def _text(document: PolicyDocument) -> str:
    return json.encode(document).decode()
