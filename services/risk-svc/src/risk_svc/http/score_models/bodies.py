"""Bodies about versions of the payment model."""

from __future__ import annotations

from pydantic import Field

from encours.http.models import Body, LongText
from risk_svc.domain.score.model import ModelKind
from risk_svc.domain.score.versions import ActivateModel, FitModel


class FitModelBody(Body):
    """Kind of the model to fit."""

    kind: ModelKind = Field(
        default="plain",
        description="`boosted`: trees correct the probability of late payment. To fit one, the API needs scikit-learn.",
    )

    def to_command(self) -> FitModel:
        """Return the command."""
        return FitModel(self.kind)


class ActivateModelBody(Body):
    """Reason for which a version is put in use."""

    text: LongText = Field(examples=["Better than the shipped model on the last quarter"])

    def to_command(self, version: str) -> ActivateModel:
        """Return the command."""
        return ActivateModel(version, self.text)
