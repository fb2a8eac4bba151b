"""Processes for work on hostile input, which may hang, crash or eat memory: how they start, and what bounds them."""

import multiprocessing
import os
import resource
import sys
import threading
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from multiprocessing.context import ForkServerContext


def forkserver(preload: Sequence[str]) -> ForkServerContext:
    """How such processes are started: from a server that has imported what they need and runs no thread.

    A process with threads must not be forked: the copy would have the locks that they hold. Starting afresh would
    import everything again for every process that is replaced.

    Args:
        preload: modules that the server imports, where it does not run yet.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    # A new process would run the program's main module again, the whole command line with it: multiprocessing
    # leaves out a package's __main__, and so it does with a module of that name.
    sys.modules["__main__"].__spec__ = ModuleSpec("lagebild.__main__", None)
    return context


def bound(memory_bytes: int) -> None:
    """Bound this process, which `forkserver` has started: in memory, and by the life of the one that has it work.

    Args:
        memory_bytes: data it may have; what wants more raises MemoryError. 0 sets no bound.
    """
    threading.Thread(target=_leave_with_parent, name="parent-watch", daemon=True).start()
    if memory_bytes:
        # Not RLIMIT_AS: thread stacks, mapped models and reserved arenas fill several times the address space that is
        # ever touched. On Linux RLIMIT_DATA counts private writable memory; macOS does not hold it.
        _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        limit = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _leave_with_parent() -> None:
    """End this process when its parent is gone: after kill -9 nobody else would stop one that hangs."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
