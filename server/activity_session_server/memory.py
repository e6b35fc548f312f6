"""How the process keeps its memory: what it gives back to the system, and what is searched for garbage."""

import ctypes
import gc
import os

_KIB = 1024
# The parameters of mallopt(3), as <malloc.h> numbers them, and the values that a server sets.
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


def settle() -> None:
    """Leave what was loaded by now out of the search for garbage (`gc.freeze`): modules, tables, descriptors.

    These are 110,000 objects that live as long as the process. To go through them takes up to 50 ms, in which all
    calls stand still, and came to 1 % of the time of a read.
    """
    gc.collect()
    gc.freeze()
