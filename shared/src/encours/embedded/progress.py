"""Waiting for a process without a clock: a busy machine makes it late, and only standing still is a failure."""

from __future__ import annotations

import time

import psutil

STILL_S = 60.0
"""A process that has done nothing for so long, and waits neither for a processor nor for a disk, stands still."""
_LOOK_S = 5.0
_SIGN_OF_WORK_S = 0.1
_WAITING_FOR_THE_MACHINE = frozenset({psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP})


class Progress:
    """Work of one process and its children since it was started."""

    def __init__(self, pid: int) -> None:
        self.used_s = 0.0
        self._pid = pid
        self._began = self._looked = self._worked = time.monotonic()
        self._used_then_s = 0.0

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._began

    def stands_still(self) -> bool:
        """Return True when the process lives and has done nothing for :data:`STILL_S`."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_S:
            self._looked = now
            self.used_s, waiting = _work(self._pid)
            if waiting or abs(self.used_s - self._used_then_s) >= _SIGN_OF_WORK_S:
                self._worked, self._used_then_s = now, self.used_s
        return now - self._worked >= STILL_S


def _work(pid: int) -> tuple[float, bool]:
    """Processor time of the process and all its children in seconds; True when one waits for the machine."""
    used_s, waiting = 0.0, False
    try:
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            try:
                times = each.cpu_times()
                used_s += times.user + times.system + times.children_user + times.children_system
                waiting |= each.status() in _WAITING_FOR_THE_MACHINE
            except psutil.NoSuchProcess:
                continue
    except psutil.NoSuchProcess:
        pass
    return used_s, waiting
