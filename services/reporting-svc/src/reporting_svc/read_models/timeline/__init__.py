"""Timelines: all events about a customer, an invoice or an entity, in the order of recording."""

from reporting_svc.read_models.timeline.model import Timeline

__all__ = ["Timeline"]
