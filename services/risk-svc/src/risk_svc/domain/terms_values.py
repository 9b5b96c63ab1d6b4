"""Values of terms by their kind."""

from __future__ import annotations

from collections.abc import Mapping

from encours.contracts.events.risk_terms import RiskTermsKind, RiskTermsRule
from encours.kernel.errors import Invalid

VALUES: dict[RiskTermsKind, tuple[str, ...]] = {
    "deposit": ("share_bps",),
    "shorter_delay": ("days",),
    "guarantee": ("amount",),
    "earlier_dunning": ("days",),
    "early_discount": ("share_bps", "days"),
}
"""Values that the terms of a kind have, and no others."""


def require_values(
    kind: RiskTermsKind, given: Mapping[str, object], needed: tuple[str, ...], pointer: str = ""
) -> None:
    """Raise :class:`Invalid` unless the values that are given, ``None`` for none, are those that are needed."""
    for name, value in given.items():
        if (value is None) == (name in needed):
            raise Invalid(
                f"Terms of the kind {kind} have {' and '.join(needed)}, and nothing else.",
                f"{pointer}/{name}",
            )


def require_rule(rule: RiskTermsRule, pointer: str) -> None:
    """Raise :class:`Invalid` unless a rule has the values of its kind; of a guarantee, it has a share."""
    needed = ("share_bps",) if rule.kind == "guarantee" else VALUES[rule.kind]
    require_values(rule.kind, {"share_bps": rule.share_bps, "days": rule.days}, needed, pointer)
