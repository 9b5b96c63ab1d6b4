"""Bodies of early warnings and of their rules."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from encours.contracts.events.credit_warning import (
    ConcentrationRule,
    DisputesRule,
    DriftRule,
    PartialRule,
    PromisesRule,
    SlowingRule,
    WarningRules,
)
from encours.http.models import Body, LongText
from risk_svc.domain.warning.episode import AcknowledgeWarning, SetWarningRules

RuleDays = Annotated[int, Field(ge=1, le=1_095, strict=True)]
RuleCount = Annotated[int, Field(ge=1, le=100, strict=True)]
RuleShare = Annotated[int, Field(ge=1, le=10_000, strict=True)]
Threshold = Annotated[int, Field(ge=1, le=100, strict=True)]


class AcknowledgeWarningBody(Body):
    """Acknowledgement of a warning."""

    text: LongText = Field(examples=["Called: their own customer pays late, plan follows"])

    def to_command(self, warning_id: str) -> AcknowledgeWarning:
        """Return the command."""
        return AcknowledgeWarning(warning_id, self.text)


class SlowingRuleBody(Body):
    """A change-point in the delays of the latest invoices."""

    invoices: Annotated[int, Field(ge=10, le=200, strict=True)] = 40
    least_before: RuleCount = 8
    least_after: RuleCount = 4
    raise_tenths: Threshold = Field(
        default=35, description="Log-rank statistic from which it is raised, in tenths."
    )
    keep_tenths: Threshold = Field(default=20, description="Statistic down to which it lasts, in tenths.")
    least_days: RuleDays = Field(default=7, description="Least rise of the median delay.")

    def to_rule(self) -> SlowingRule:
        """Return the rule as the event holds it."""
        return SlowingRule(**self.model_dump())


class PartialRuleBody(Body):
    """A rise of the share of invoices whose first money did not settle them."""

    days: RuleDays = 90
    before_days: RuleDays = 365
    least_invoices: RuleCount = 3
    rise_bps: RuleShare = 3_000

    def to_rule(self) -> PartialRule:
        """Return the rule as the event holds it."""
        return PartialRule(**self.model_dump())


class PromisesRuleBody(Body):
    """Promises of the last days that are broken."""

    days: RuleDays = 90
    broken: RuleCount = 2

    def to_rule(self) -> PromisesRule:
        """Return the rule as the event holds it."""
        return PromisesRule(**self.model_dump())


class DisputesRuleBody(Body):
    """Disputes that are opened about the due date."""

    days: RuleDays = 180
    before_due: Annotated[int, Field(ge=0, le=365, strict=True)] = 5
    after_due: Annotated[int, Field(ge=0, le=365, strict=True)] = 30
    disputed: RuleCount = 2
    share_bps: RuleShare = 2_500

    def to_rule(self) -> DisputesRule:
        """Return the rule as the event holds it."""
        return DisputesRule(**self.model_dump())


class DriftRuleBody(Body):
    """A use of the limit that rises from month to month."""

    months: Annotated[int, Field(ge=1, le=12, strict=True)] = 3
    usage_bps: RuleShare = 8_000
    rise_bps: RuleShare = 1_500

    def to_rule(self) -> DriftRule:
        """Return the rule as the event holds it."""
        return DriftRule(**self.model_dump())


class ConcentrationRuleBody(Body):
    """A large share of all that is open in a currency."""

    share_bps: RuleShare = 2_500
    least_debtors: RuleCount = 10

    def to_rule(self) -> ConcentrationRule:
        """Return the rule as the event holds it."""
        return ConcentrationRule(**self.model_dump())


class WarningRulesBody(Body):
    """Rules of an entity: all of them. Null raises no warning of the kind; one that is left out has the defaults of its
    fields.
    """

    slowing_payments: SlowingRuleBody | None = Field(default_factory=SlowingRuleBody)
    partial_payments: PartialRuleBody | None = Field(default_factory=PartialRuleBody)
    broken_promises: PromisesRuleBody | None = Field(default_factory=PromisesRuleBody)
    disputes_at_due: DisputesRuleBody | None = Field(default_factory=DisputesRuleBody)
    limit_drift: DriftRuleBody | None = Field(default_factory=DriftRuleBody)
    concentration: ConcentrationRuleBody | None = Field(default_factory=ConcentrationRuleBody)

    def to_command(self, entity_id: str) -> SetWarningRules:
        """Return the command."""
        return SetWarningRules(
            entity_id,
            WarningRules(
                slowing_payments=self.slowing_payments.to_rule() if self.slowing_payments else None,
                partial_payments=self.partial_payments.to_rule() if self.partial_payments else None,
                broken_promises=self.broken_promises.to_rule() if self.broken_promises else None,
                disputes_at_due=self.disputes_at_due.to_rule() if self.disputes_at_due else None,
                limit_drift=self.limit_drift.to_rule() if self.limit_drift else None,
                concentration=self.concentration.to_rule() if self.concentration else None,
            ),
        )
