"""What the API, the worker and the rebuild of risk-svc have in common."""

from __future__ import annotations

from encours.projection.read_model import ReadModel
from risk_svc.read_models.credit import Credit

NAME = "risk-svc"
MODELS: tuple[ReadModel, ...] = (Credit(),)
