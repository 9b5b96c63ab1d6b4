"""Bodies of alert rules and acknowledgements."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, model_validator

from dunning_svc.domain.alert.commands import AcknowledgeAlert, SetAlertRule
from dunning_svc.http.policies.bodies import Minimums
from encours.contracts.events.dunning.alerts import AlertKind, AlertRecipient
from encours.contracts.events.dunning.document import CurrencyMinimum
from encours.http.models import Body, ShortText
from encours.kernel.email import is_address
from encours.kernel.money import parse_amount

RuleCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"), Field(examples=["old_debts"])]
_Days = Annotated[int, Field(ge=0, le=3_650, strict=True)]


def _is_webhook(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
        )
    except ValueError:
        return False


class RecipientBody(Body):
    """Recipient of the alerts of a rule."""

    kind: Literal["collector", "second_level", "address", "webhook"] = Field(
        description="`collector`: the owner of the customer, or the collector of the target; `second_level`: the "
        "collector who takes over from it. `webhook`: through the gateway."
    )
    target: Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^\S+$")] | None = Field(
        default=None, description="E-mail address, or URL of the webhook.", examples=["credit@firm.example"]
    )

    @model_validator(mode="after")
    def _target_is_one(self) -> RecipientBody:
        if self.kind == "address" and self.target is not None and not is_address(self.target):
            raise ValueError("Write an e-mail address in target.")
        if self.kind == "webhook" and self.target is not None and not _is_webhook(self.target):
            raise ValueError(
                "Write an address with https:// and a host, without a name and password, in target."
            )
        return self


class AlertRuleBody(Body):
    """An alert rule, all of it."""

    kind: AlertKind
    days: _Days | None = Field(
        default=None, description="For `near_due`, `older_than`, `age_zone` and `reply_open`."
    )
    until_days: _Days | None = Field(default=None, description="Last day of the zone of `age_zone`.")
    minimums: Minimums = Field(
        default={}, description="Per currency, the amount from which on there is an alert."
    )
    recipients: Annotated[list[RecipientBody], Field(max_length=20)] = Field(
        default=[], description="Without any, alerts are listed only."
    )
    language: Literal["en", "fr"] = "en"
    active: bool = True

    def to_command(self, code: str) -> SetAlertRule:
        """Return the command. Raises ``Invalid`` for an amount that the currency does not have."""
        return SetAlertRule(
            code=code,
            kind=self.kind,
            days=self.days,
            until_days=self.until_days,
            minimums=tuple(
                CurrencyMinimum(
                    currency=currency,
                    amount_minor=parse_amount(amount, currency, pointer=f"/minimums/{currency}"),
                )
                for currency, amount in sorted(self.minimums.items())
            ),
            recipients=tuple(AlertRecipient(kind=each.kind, target=each.target) for each in self.recipients),
            language=self.language,
            active=self.active,
        )


class AcknowledgeBody(Body):
    """Note of the person who has seen the alert."""

    note: ShortText | None = None

    def to_command(self, alert_id: str) -> AcknowledgeAlert:
        """Return the command."""
        return AcknowledgeAlert(alert_id, self.note)
