"""Syncs of files that are answered and left out: a disk makes tests wait, and only a test of power cuts can tell.

Settings stay as everyone has them, and so does what a `kill -9` leaves behind: the system keeps what was written.
"""

from __future__ import annotations

import ctypes
import platform
import struct

_ARCHITECTURES = {
    # AUDIT_ARCH_…, then fsync, fdatasync, sync, syncfs, sync_file_range and seccomp
    "x86_64": (0xC000003E, (74, 75, 162, 306, 277), 317),
    "aarch64": (0xC00000B7, (82, 83, 81, 267, 84), 277),
}
_NO_NEW_PRIVILEGES = 38
_SET_FILTER = 1
_KEEP_SPECULATION = 4
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER, _ARCHITECTURE = 0, 4
_ALLOW, _ANSWER_ZERO = 0x7FFF0000, 0x00050000


def leave_out_syncs() -> bool:
    """Answer syncs of this thread, and of all that it starts, at once. False where the system cannot: they are done."""
    known = _ARCHITECTURES.get(platform.machine())
    if platform.system() != "Linux" or known is None:
        return False
    architecture, syncs, seccomp = known
    length = len(syncs)
    instructions = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 0, length + 1, architecture),
        (_LOAD, 0, 0, _NUMBER),
        *((_EQUAL, length - n, 0, number) for n, number in enumerate(syncs)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ANSWER_ZERO),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in instructions))
    program = struct.pack("HP", len(instructions), ctypes.addressof(code))
    libc = ctypes.CDLL(None)
    allowed: int = libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    filtered: int = libc.syscall(seccomp, _SET_FILTER, _KEEP_SPECULATION, program)
    return allowed == filtered == 0
