"""The peak of a process is its own."""

from __future__ import annotations

import subprocess
import sys

from encours.service.memory import peak_mib


def test_the_peak_leaves_out_the_process_that_started_this_one() -> None:
    ballast = bytearray(200 << 20)
    script = "from encours.service.memory import peak_mib; print(peak_mib())"
    started = subprocess.run((sys.executable, "-c", script), capture_output=True, check=True)
    assert 5 < float(started.stdout) < 100
    assert peak_mib() > len(ballast) >> 20
