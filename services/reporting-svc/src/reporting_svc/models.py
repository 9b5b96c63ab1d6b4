"""Read models that the API, the worker and the rebuild of reporting-svc share."""

from __future__ import annotations

from encours.projection.read_model import ReadModel
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.reports.model import Reports
from reporting_svc.read_models.timeline import Timeline

NAME = "reporting-svc"
MODELS: tuple[ReadModel, ...] = (Receivables(), Timeline(), Reports())
