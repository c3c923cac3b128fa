"""A process that works for another one ends with it, however that ends."""

import os
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from threading import Thread


def end_with_parent() -> None:
    """This process ends as soon as the one that started it has, by `kill -9` too."""
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    # Nobody is left to hear an answer or a fault, and the pool's own thread would wait for ever.
    os._exit(1)
