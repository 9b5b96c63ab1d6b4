"""What the API, the worker and the rebuild of dunning-svc have in common."""

from __future__ import annotations

from dunning_svc.read_models.cases.model import Cases
from encours.projection.read_model import ReadModel

NAME = "dunning-svc"
MODELS: tuple[ReadModel, ...] = (Cases(),)
