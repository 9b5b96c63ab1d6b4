"""Name and read models of invoice-svc, shared by the API, the worker and the rebuild."""

from __future__ import annotations

from encours.projection.read_model import ReadModel
from invoice_svc.read_models.lists import Lists

NAME = "invoice-svc"
MODELS: tuple[ReadModel, ...] = (Lists(),)
