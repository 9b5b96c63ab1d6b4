"""Everything that ever happened with a customer, in the order in which the ledger learned it."""

from reporting_svc.read_models.timeline.model import Timeline

__all__ = ["Timeline"]
