"""The read models of this service; the API reads them, the worker writes them. No web framework is imported here."""

from __future__ import annotations

from encours.streaming import ReadModel
from invoice_svc.read_models.invoices import Invoices

MODELS: tuple[ReadModel, ...] = (Invoices(),)
