"""Policies of the ledger, from their events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from msgspec import json
from msgspec.structs import replace

from dunning_svc.domain.policy.choice import InForce, Key, Policies
from dunning_svc.domain.policy.policy import Policy, Step, ladder_of
from dunning_svc.domain.policy.shipped import DEFAULT_ID, POLICIES, SHIPPED
from dunning_svc.read_models.cases.fold.experiments import experiment_rows, running, turns
from dunning_svc.read_models.cases.rows.access import Rows, existing
from dunning_svc.read_models.cases.rows.experiments import ExperimentRow
from dunning_svc.read_models.cases.rows.policies import PolicyRow
from encours.contracts import Recorded
from encours.contracts.events import policy
from encours.contracts.events.dunning.document import PolicyDocument
from encours.contracts.events.dunning.reminders import DecisionBasis
from encours.projection.read_model import Conn
from encours.projection.rows import table_of

PolicyEvent = policy.PolicyCreated | policy.PolicyVersionAdded | policy.PolicyActivated | policy.PolicyRetired


def policy_changed(e: Recorded, data: PolicyEvent, rows: Rows) -> None:
    """Store a policy, a further version of it, or the version in force."""
    match data:
        case policy.PolicyCreated():
            row = PolicyRow(
                policy_id=data.policy_id,
                documents=[_text(data.document)],
                active_version=0,
                changed_on=None,
                changed_position=0,
            )
        case policy.PolicyVersionAdded():
            row = existing(rows, PolicyRow, data.policy_id)
            row = replace(row, documents=[*row.documents, _text(data.document)])
        case policy.PolicyActivated():
            row = existing(rows, PolicyRow, data.policy_id)
            row = _switched(row, data.version, e)
        case policy.PolicyRetired():
            row = existing(rows, PolicyRow, data.policy_id)
            row = _switched(row, 0, e)
    rows.put(row)


def _switched(row: PolicyRow, version: int, e: Recorded) -> PolicyRow:
    return replace(row, active_version=version, changed_on=e.effective_on, changed_position=e.position)


def policies_of(rows: Iterable[PolicyRow], experiments: Sequence[ExperimentRow] = ()) -> Policies:
    """Return the policies of a ledger, with the experiments that compare them."""
    in_force: list[InForce] = []
    versions: dict[Key, Policy] = {}
    days: list[date] = []
    for row in rows:
        for version, text in enumerate(row.documents, start=1):
            versions[row.policy_id, version] = _ladder(row.policy_id, version, text)
        if row.changed_on is not None:
            days.append(row.changed_on)
        if 1 <= row.active_version <= len(row.documents):
            document = _document(row.documents[row.active_version - 1])
            policy = versions[row.policy_id, row.active_version]
            in_force.append(InForce(policy, document.scope, document.priority, row.changed_position))
    days += turns(experiments)
    return Policies(in_force, versions, max(days, default=None), running(experiments, POLICIES | versions))


async def policies_in(conn: Conn, schema: str) -> Policies:
    """Return the policies of a ledger at the position of the read model."""
    return policies_of(await policy_rows(conn, schema), await experiment_rows(conn, schema))


async def policy_rows(conn: Conn, schema: str) -> list[PolicyRow]:
    """Return the rows of the policies of a ledger."""
    table = table_of(PolicyRow)
    records = await conn.fetch(f"select {table.plain} from {schema}.{table.name} order by policy_id")
    return [PolicyRow(**dict(zip(table.names, record, strict=True))) for record in records]


def documents_of(rows: Iterable[PolicyRow], policy_id: str) -> tuple[str, ...]:
    """Return the documents of a policy's versions, also of one that only Encours ships; none of another one.

    The default policy has none: its versions are no events.
    """
    for row in rows:
        if row.policy_id == policy_id:
            return tuple(row.documents)
    shipped = SHIPPED.get(policy_id)
    return () if shipped is None or policy_id == DEFAULT_ID else (_text(shipped.document),)


def groups_customers(rows: Iterable[PolicyRow]) -> bool:
    """Return True if a version of a policy decides cases of several customers together, in force or not."""
    documents = (_document(text) for row in rows for text in row.documents)
    return any(each.grouping in ("payer", "group") for each in documents)


def put_in_force(
    row: PolicyRow | None, policy_id: str, documents: Iterable[str], version: int, on: date, position: int
) -> PolicyRow:
    """Return the row of a policy with a version in force since a day, unless that one is in force already."""
    known = row or PolicyRow(
        policy_id=policy_id, documents=[], active_version=0, changed_on=None, changed_position=0
    )
    known = replace(known, documents=list(documents))
    if known.active_version == version:
        return known
    return replace(known, active_version=version, changed_on=on, changed_position=position)


def step_at(rows: Rows, basis: DecisionBasis, code: str) -> Step:
    """Return a step of the version that a decision was taken under. Raises ``LookupError`` for an unknown one."""
    policy = POLICIES.get((basis.policy_id, basis.policy_version))
    if policy is None:
        row = existing(rows, PolicyRow, basis.policy_id)
        if not 1 <= basis.policy_version <= len(row.documents):
            raise LookupError(f"no version {basis.policy_version} of {basis.policy_id}")
        policy = _ladder(row.policy_id, basis.policy_version, row.documents[basis.policy_version - 1])
    return policy.step(code)


@lru_cache(maxsize=1024)
def _document(text: str) -> PolicyDocument:
    return json.decode(text, type=PolicyDocument)


@lru_cache(maxsize=1024)
def _ladder(policy_id: str, version: int, text: str) -> Policy:
    return ladder_of(policy_id, version, _document(text))


def _text(document: PolicyDocument) -> str:
    return json.encode(document).decode()
