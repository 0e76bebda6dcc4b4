"""Planes shared out among threads: all of them, errors handed on."""

import threading

import numpy as np
import pytest
from numba import njit

from rushton.barrier import wait_for_all
from rushton.cores import VARIABLE, Team, usable_cores


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_plane_is_done_once(threads):
    done = np.zeros(7, int)

    def kernel(lo, hi, step):
        done[lo:hi] += step

    with Team(threads) as team:
        for _ in range(50):
            team(kernel, done.size, 2)
    assert np.all(done == 100)


def test_an_error_on_a_thread_reaches_the_caller_and_the_team_goes_on():
    def kernel(lo, hi):
        if hi == 4:
            raise ZeroDivisionError("plane 3")

    with Team(2) as team:
        for _ in range(2):
            with pytest.raises(ZeroDivisionError, match="plane 3"):
                team(kernel, 4)


def test_a_closed_team_leaves_no_thread():
    before = set(threading.enumerate())
    team = Team(3)
    own = set(threading.enumerate()) - before
    assert len(own) == 2
    team.close()
    for thread in own:
        thread.join(2.0)
    assert not any(thread.is_alive() for thread in own)


def test_threads_are_limited_by_the_environment(monkeypatch):
    monkeypatch.setenv(VARIABLE, "1")
    assert usable_cores() == 1
    monkeypatch.setenv(VARIABLE, "100000")
    assert usable_cores() < 100000


@njit(nogil=True)
def _counts(who, of, gate, rounds, seen, torn):
    for n in range(rounds):
        seen[who] = n + 1
        wait_for_all(gate, of)
        for other in range(of):
            if seen[other] != n + 1:
                torn[who] += 1
        wait_for_all(gate, of)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_meet_at_the_gate(threads):
    seen, torn = np.zeros(threads), np.zeros(threads)
    with Team(threads) as team:
        for _ in range(3):
            team.together(_counts, 200, seen, torn)
    assert np.all(seen == 200) and np.all(torn == 0)


def test_nobody_waits_at_the_gate_for_a_thread_that_failed():
    seen, torn = np.zeros(2), np.zeros(2)

    def kernel(who, of, gate, rounds):
        if who == 1:
            raise ZeroDivisionError("thread 1")
        _counts(who, of, gate, rounds, seen, torn)

    with Team(2) as team:
        with pytest.raises(ZeroDivisionError, match="thread 1"):
            team.together(kernel, 50)
        team.together(_counts, 50, seen, np.zeros(2))  # the team goes on
