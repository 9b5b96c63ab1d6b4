"""Policies that Encours ships, as data in ``policies/``: the default one, and those that a creditor may choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files

from dunning_svc.domain.policy.policy import ladder_of
from dunning_svc.domain.policy.text import read_yaml
from dunning_svc.domain.policy.written import document_of
from encours.contracts.events.dunning.document import PolicyDocument
from encours.kernel.ids import derived_id


@dataclass(frozen=True, slots=True)
class ShippedPolicy:
    """A policy as it is shipped. Its id is the same in every ledger."""

    code: str
    policy_id: str
    document: PolicyDocument


def _read() -> dict[str, ShippedPolicy]:
    found = {}
    for path in sorted(files("dunning_svc").joinpath("policies").iterdir(), key=lambda path: path.name):
        code = path.name.removesuffix(".yaml")
        made = ShippedPolicy(code, derived_id("pol", code), document_of(read_yaml(path.read_bytes())))
        found[made.policy_id] = made
    return found


SHIPPED: Mapping[str, ShippedPolicy] = _read()
"""By id."""
DEFAULT_ID = derived_id("pol", "default")
DEFAULT_POLICY = ladder_of(DEFAULT_ID, 4, SHIPPED[DEFAULT_ID].document)
"""Policy of every case that no other policy is for."""

_THIRD = replace(DEFAULT_POLICY, version=3, addresses_by_role=False)
"""Earlier version, which wrote to the debtor itself; stored decisions refer to it."""
_SECOND = replace(
    _THIRD,
    version=2,
    steps=tuple(replace(step, interval_days=0) for step in DEFAULT_POLICY.steps),
    progression="highest",
    floors_minor={},
    formal_notice_interval_days=0,
)
"""Earlier version, which took the highest due step and claimed any amount; stored decisions refer to it."""
_FIRST = replace(_SECOND, version=1, addressed=frozenset({"email"}))
"""Earlier version, which sent letters without checking for a postal address; stored decisions refer to it."""

POLICIES = {
    (policy.policy_id, policy.version): policy for policy in (_FIRST, _SECOND, _THIRD, DEFAULT_POLICY)
}
"""All versions of the default policy that a decision may refer to, by id and version, oldest first."""
EARLIER = {key: policy for key, policy in POLICIES.items() if policy is not DEFAULT_POLICY}
"""Versions of the default policy before the one in force, by id and version."""
