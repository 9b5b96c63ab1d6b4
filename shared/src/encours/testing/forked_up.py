"""`encours up` as in :mod:`encours.testing.up`, whose services are forks of it: run it in a :class:`Fork` itself."""

from __future__ import annotations

from encours.embedded import supervisor
from encours.testing import forks
from encours.testing.up import up

if __name__ == "__main__":
    supervisor.start = forks.start
    up()
