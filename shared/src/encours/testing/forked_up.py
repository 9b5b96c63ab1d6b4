"""`encours up` as in :mod:`encours.testing.up`, whose services are forks of it: run it in a :class:`Fork` itself."""

from __future__ import annotations

from encours.embedded import supervisor
from encours.testing import forks
from encours.testing.up import up


def forked_up() -> None:
    """Run the `encours` command of this process so."""
    supervisor.start = forks.start
    up()


if __name__ == "__main__":
    forked_up()
