"""Syncs that tests leave out: in the thread that asked for it, in what it starts, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from errno import EBADF

import pytest

from encours.testing.syncs import leave_out_syncs

_NO_FILE = 4_000


def _is_done(sync: Callable[[int], None]) -> bool:
    """Return True when the system does it: it then knows of no such file."""
    try:
        sync(_NO_FILE)
    except OSError as error:
        return error.errno == EBADF
    return False


def test_syncs_are_left_out_of_one_thread_and_of_what_it_starts() -> None:
    child = (
        f"import os; os.fsync({_NO_FILE}); os.fdatasync({_NO_FILE}); print('left out'); os.close({_NO_FILE})"
    )
    with ThreadPoolExecutor(1) as thread:
        if not thread.submit(leave_out_syncs).result():
            pytest.skip("this system syncs always")
        assert not any(thread.map(_is_done, (os.fsync, os.fdatasync)))
        started = thread.submit(
            lambda: subprocess.run((sys.executable, "-c", child), capture_output=True, text=True, check=False)
        ).result()
        assert started.stdout == "left out\n"
        assert "Bad file descriptor" in started.stderr, "all but syncs is done"
    assert all(map(_is_done, (os.fsync, os.fdatasync)))
