"""How many threads to use, and threads that never wait for each other."""

import os
from concurrent.futures import ThreadPoolExecutor


def usable_cores() -> int:
    """The cores that this process may run on: fewer than the machine has where a container or `taskset` says so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def one_torch_thread_each(workers: int) -> ThreadPoolExecutor:
    """Threads that share no operation: those that do wait for each other, on a busy machine most of the time.

    torch's thread count belongs to the calling thread, so the process' own stays what it is. The threads end with
    the executor.
    """
    import torch  # here, for stores count cores without it

    return ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
