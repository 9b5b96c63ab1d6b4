"""What the API, the worker and the rebuild of invoice-svc have in common."""

from __future__ import annotations

from encours.projection.read_model import ReadModel
from invoice_svc.read_models.lists import Lists

NAME = "invoice-svc"
MODELS: tuple[ReadModel, ...] = (Lists(),)
