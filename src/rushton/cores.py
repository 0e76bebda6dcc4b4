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
import time
from collections.abc import Callable
from typing import Any

import numpy as np

_CACHE_LINES = 16
"""Length of a counter's array: no other number in its cache line."""

PATIENCE = 16
"""Times a thread gives its core away to let the caller get from the bell into its kernel: about 8 us."""

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
        self._gate = np.zeros(_CACHE_LINES, np.int64)

    def __call__(self, kernel: Callable[..., Any], planes: int, *arguments: Any) -> None:
        """Run ``kernel(lo, hi, *arguments)`` over all planes 0 <= i < planes; returns when all are done."""
        if not self._workers:
            kernel(0, planes, *arguments)
            return
        cuts = [n * planes // self.threads for n in range(self.threads + 1)]
        for n, worker in enumerate(self._workers):
            worker.begin(kernel, (cuts[n + 1], cuts[n + 2], *arguments))
        try:
            kernel(cuts[0], cuts[1], *arguments)
        finally:
            self._gather()

    def together(self, kernel: Callable[..., Any], *arguments: Any) -> None:
        """Run ``kernel(who, of, gate, *arguments)`` on every thread at once, 0 <= who < of; returns when all are done.

        The threads may meet at the gate (``rushton.barrier.wait_for_all``). Where one fails, the gate is opened, so
        that none waits for it.
        """
        gate = self._gate
        gate[0] = 0

        def run(who: int) -> None:
            try:
                kernel(who, self.threads, gate, *arguments)
            except BaseException:
                from rushton.barrier import OPEN

                gate[0] = OPEN
                raise

        for n, worker in enumerate(self._workers):
            worker.begin(run, (n + 1,))
        try:
            run(0)
        finally:
            self._gather()

    def _gather(self) -> None:
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
    """One thread that waits for work: first spinning, then asleep.

    A sleeping thread takes 50 to 100 us to wake, as long as many a kernel runs. So it spins for a while in compiled
    code, outside Python's lock, and reads the counter of calls, ``bell``. The caller holds Python's lock while it rings
    and until it is inside its own kernel; a thread that asked for the lock in between would be put to sleep. It
    therefore waits a little more, ``PATIENCE``, before it comes back for the work. That it is done it says by
    ``rest``, out of compiled code again, when the lock is free.
    """

    def __init__(self) -> None:
        from rushton import barrier

        self._spin, self._await = barrier.spin, barrier.await_count
        self._bell, self._rest = np.zeros(_CACHE_LINES, np.int64), np.zeros(_CACHE_LINES, np.int64)
        self._mutex, self._go = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._asleep = False
        self._work: tuple[Callable[..., Any], tuple[Any, ...]] | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name="rushton-planes", daemon=True).start()

    def _run(self) -> None:
        calls = 0
        while True:
            if not self._spin(self._bell, calls, self._rest, PATIENCE):
                with self._mutex:
                    self._asleep = bool(self._bell[0] == calls)
                if self._asleep:
                    self._go.acquire()
            calls += 1
            if self._work is None:
                return
            kernel, arguments = self._work
            try:
                kernel(*arguments)
            except BaseException as error:  # handed to the caller's thread
                self._error = error
            self._work = None
            del kernel, arguments

    def begin(self, kernel: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._work, self._error = (kernel, arguments), None
        self._ring()

    def finish(self) -> BaseException | None:
        while not self._await(self._rest, int(self._bell[0]) + 1):
            time.sleep(1e-3)  # the other thread compiles, or has lost its core
        return self._error

    def end(self) -> None:
        self._work = None
        self._ring()

    def _ring(self) -> None:
        with self._mutex:
            self._bell[0] += 1
            asleep, self._asleep = self._asleep, False
        if asleep:
            self._go.release()


ALONE = Team(1)
"""No threads: for small grids and for tests."""
