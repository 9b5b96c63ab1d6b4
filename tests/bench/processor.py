"""Processor time of a database server."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil

from encours.testing.servers import Cluster

SETTLED_S = 0.1


def server_s(cluster: Cluster) -> float:
    """Processor time of the server's processes, living and ended; of one just ending it comes a little later."""
    seconds = _counted_s(cluster)
    while True:
        time.sleep(0.5)
        if (again := _counted_s(cluster)) - seconds < SETTLED_S:
            return again
        seconds = again


def _counted_s(cluster: Cluster) -> float:
    pid = int((cluster.postgres.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    server = psutil.Process(pid)
    times = server.cpu_times()
    seconds = float(times.children_user + times.children_system)
    for child in server.children():
        with suppress(psutil.NoSuchProcess):  # it is ending
            times = child.cpu_times()
            seconds += float(times.user + times.system)
    return seconds
