"""Read models of dunning-svc, for its API, its worker and its rebuild."""

from __future__ import annotations

from dunning_svc.read_models.cases.model import Cases
from encours.projection.read_model import ReadModel

NAME = "dunning-svc"
MODELS: tuple[ReadModel, ...] = (Cases(),)
