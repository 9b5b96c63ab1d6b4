"""Bodies of runs."""

from __future__ import annotations

from encours.http.models import Body, BusinessDate


class RunBody(Body):
    """The day of a run."""

    on: BusinessDate
