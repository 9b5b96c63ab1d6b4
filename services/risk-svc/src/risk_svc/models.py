"""Name and read models of risk-svc, for its API, its worker and its rebuild."""

from __future__ import annotations

from encours.projection.read_model import ReadModel
from risk_svc.read_models.checks.model import Checks
from risk_svc.read_models.credit.model import Credit

NAME = "risk-svc"
CREDIT = Credit.name
CHECKS = Checks.name
MODELS: tuple[ReadModel, ...] = (Credit(), Checks())
