"""Work of many seconds of processor time for one request, in a process of its own: other requests go on meanwhile.

A thread does not do that, as the interpreter runs one at a time. Work that should outlive its request is long work
(:mod:`encours.service.long_work`).
"""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar, TypeVarTuple, Unpack

from encours.kernel.errors import DomainError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_NICE = 5
"""Lower priority, so that requests have the processor first; on a busy machine the work still gets its share."""


class ApartFailed(RuntimeError):
    """The process ended without a result; the message is its traceback."""


async def apart(work: Callable[[Unpack[Ts]], T], *arguments: *Ts) -> T:
    """Return what a function returns in a process of its own, which ends with the caller.

    Function, arguments and result are pickled. Raises the :class:`DomainError` that the function raises, and
    :class:`ApartFailed`.
    """
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sending, work, arguments), daemon=True)
    try:
        process.start()
        sending.close()
        found = await asyncio.to_thread(_received, receiving)
    finally:
        if process.is_alive():
            process.kill()
    match found:
        case DomainError():
            raise found
        case ApartFailed():
            raise found
        case (result,):
            done: T = result
            return done
    raise ApartFailed("The process was ended.")


def _received(receiving: Connection) -> Any:
    """Return what the process sends; ``None`` if it ends before."""
    with receiving:
        try:
            return receiving.recv()
        except EOFError:
            return None


def _run(sending: Connection, work: Callable[..., object], arguments: tuple[object, ...]) -> None:
    os.nice(_NICE)
    found: object
    try:
        found = (work(*arguments),)
    except DomainError as refusal:
        found = refusal
    except Exception:
        found = ApartFailed(traceback.format_exc())
    sending.send(found)
