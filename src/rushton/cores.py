"""Compiled kernels on several cores, with the same digits on any number of them.

A kernel that works on the planes lo <= i < hi of an array, and writes nothing outside them, is called through a `Team`:
each core takes one block of planes. Sums are formed per plane by the kernel and added in the order of the planes by the
caller, so that no result depends on how the planes were shared out. Kernels must hold no lock (numba: nogil=True).

Threads of Python are used and not numba's parallel loops: these take longer to compile, their workqueue layer breaks
when several Python threads call it, and their OpenMP layer spins on busy machines.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

VARIABLE = "RUSHTON_THREADS"
"""Environment variable: most threads that a stage may use; by default all cores this process may use."""


def usable_cores() -> int:
    """Cores this process may use, at most what `RUSHTON_THREADS` says."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = os.environ.get(VARIABLE, "").strip()
    return max(1, min(there, int(wanted))) if wanted.isdigit() else there


class Team:
    """Threads that share the planes of kernel calls; call it as ``team(kernel, planes, *arguments)``.

    Parameters
    ----------
    threads : int
        The calling thread included; 1 calls kernels directly.
    """

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads
        self._workers = [_Worker() for _ in range(threads - 1)]

    def __call__(self, kernel: Callable[..., Any], planes: int, *arguments: Any) -> None:
        """Run ``kernel(lo, hi, *arguments)`` over all planes 0 <= i < planes; returns when all are done."""
        if not self._workers:
            kernel(0, planes, *arguments)
            return
        cuts = [n * planes // self.threads for n in range(self.threads + 1)]
        for n, worker in enumerate(self._workers):
            worker.begin(kernel, cuts[n + 1], cuts[n + 2], arguments)
        try:
            kernel(cuts[0], cuts[1], *arguments)
        finally:
            errors = [worker.finish() for worker in self._workers]
        for error in errors:
            if error is not None:
                raise error

    def close(self) -> None:
        """End the threads."""
        for worker in self._workers:
            worker.end()
        self._workers = []
        self.threads = 1

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Worker:
    """One thread that waits for work; two locks hand it over, cheaper than a queue."""

    def __init__(self) -> None:
        self._go, self._done = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._done.acquire()
        self._work: tuple[Callable[..., Any], int, int, tuple[Any, ...]] | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name="rushton-planes", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._go.acquire()
            if self._work is None:
                return
            kernel, lo, hi, arguments = self._work
            try:
                kernel(lo, hi, *arguments)
            except BaseException as error:  # handed to the caller's thread
                self._error = error
            self._work = None
            self._done.release()

    def begin(self, kernel: Callable[..., Any], lo: int, hi: int, arguments: tuple[Any, ...]) -> None:
        self._work, self._error = (kernel, lo, hi, arguments), None
        self._go.release()

    def finish(self) -> BaseException | None:
        self._done.acquire()
        return self._error

    def end(self) -> None:
        self._work = None
        self._go.release()


ALONE = Team(1)
"""No threads: for small grids and for tests."""
