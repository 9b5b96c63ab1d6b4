"""The service's name and its read models, for the worker, the API and a rebuild alike."""

from __future__ import annotations

from encours.streaming import ReadModel
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.timeline import Timeline

NAME = "reporting-svc"
MODELS: tuple[ReadModel, ...] = (Receivables(), Timeline())
