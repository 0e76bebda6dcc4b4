"""Planes shared out among threads: all of them, errors handed on."""

import threading

import numpy as np
import pytest

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
