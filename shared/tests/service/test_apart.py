"""Work in a process of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal

import pytest

from encours.kernel.errors import DomainError, Refusal
from encours.service.apart import ApartFailed, apart
from encours.testing.waiting import wait_until


class ApartRefused(Refusal):
    """A refusal whose ``__init__`` takes other arguments than its detail."""

    code = "apart-refused"
    title = "Refused"
    remedy = "None."

    def __init__(self, number: int) -> None:
        super().__init__(f"Number {number} is too large.", "/number", extra={"number": number})


def work(wanted: str, number: int) -> tuple[int, int]:
    match wanted:
        case "refuse":
            raise ApartRefused(number)
        case "fail":
            raise KeyError(number)
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "wait":
            signal.pause()
    return number + 1, os.getpid()


async def test_a_result_a_refusal_a_fault_and_an_end_come_from_another_process() -> None:
    done, refused, failed, died = await asyncio.gather(
        *(apart(work, wanted, 7) for wanted in ("do", "refuse", "fail", "die")), return_exceptions=True
    )
    assert isinstance(done, tuple)
    assert (done[0], done[1] != os.getpid()) == (8, True)
    assert isinstance(refused, DomainError)
    assert (type(refused), str(refused), refused.extra) == (
        ApartRefused,
        "Number 7 is too large.",
        {"number": 7},
    )
    assert refused.errors[0].pointer == "/number"
    assert isinstance(failed, ApartFailed)
    assert "KeyError: 7" in str(failed)
    assert isinstance(died, ApartFailed)


async def test_the_process_ends_with_its_caller() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(apart(work, "wait", 7), 0.2)
    wait_until(lambda: not multiprocessing.active_children(), "the process goes on")
