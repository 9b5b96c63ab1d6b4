"""Prometheus metrics of an API process, in a registry of its own (tests make many apps in one process)."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_REQUEST_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_APPEND_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """Counters and histograms of a process. Routes are labelled by template (``/v1/invoices/{id}``), never by path."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "encours_http_request_seconds",
            "Time to answer a request.",
            ("service", "route", "method", "status"),
            buckets=_REQUEST_BUCKETS_S,
            registry=self.registry,
        )
        self.in_flight = Gauge("encours_http_in_flight", "Requests at work.", registry=self.registry)
        self.refused = Counter(
            "encours_http_refused_total",
            "Requests refused before any work.",
            ("reason",),
            registry=self.registry,
        )
        self.append = Histogram(
            "encours_command_seconds",
            "Time from loading to durable append of a command.",
            buckets=_APPEND_BUCKETS_S,
            registry=self.registry,
        )
        self.lag = Gauge(
            "encours_read_model_lag_events",
            "Events that a read model is behind its ledger.",
            ("ledger", "model"),
            registry=self.registry,
        )
        self.parked = Gauge(
            "encours_read_model_parked_streams",
            "Streams that a read model could not apply.",
            ("ledger", "model"),
            registry=self.registry,
        )
        self.nats_connected = Gauge(
            "encours_nats_connected", "Whether NATS can be reached (1) or not (0).", registry=self.registry
        )
        self.forged = Gauge(
            "encours_forged_messages",
            "Messages in NATS streams that were not the ledger's events, for a day after the last one.",
            registry=self.registry,
        )
        self.webhooks_pending = Gauge(
            "encours_webhook_deliveries_pending",
            "Deliveries of webhooks that wait, for their turn or for another attempt.",
            ("ledger",),
            registry=self.registry,
        )
        self.webhooks_dead = Gauge(
            "encours_webhook_dead_letters",
            "Deliveries of webhooks that were given up.",
            ("ledger",),
            registry=self.registry,
        )
        self.overdue_work = Gauge(
            "encours_overdue_work",
            "Work that should have been done by now, as GET /v1/expected-work lists it.",
            ("ledger", "kind"),
            registry=self.registry,
        )
        self._service = service
        self._children: dict[tuple[str, str, int], Histogram] = {}

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        key = (route, method, status)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._requests.labels(self._service, route, method, str(status))
        child.observe(seconds)

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
