"""Several processes that serve one address: started, watched, replaced when they die, ended together."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOG = logging.getLogger("rapport_gateway.workers")
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 5.0
_HEALTHY_SECONDS = 10.0  # a worker that ran so long did not die of its beginning

Work = Callable[[int, int], None]


class Supervisor:
    """To be used before any thread or event loop is started, for workers are forks."""

    def __init__(self, count: int, work: Work, *, grace: float) -> None:
        """`work` gets the worker's number, from 0, and a file descriptor that ends when the supervisor does.
        `grace` (seconds) is how long workers may take to end."""
        self._count = count
        self._work = work
        self._grace = grace
        self._workers: dict[int, tuple[int, float]] = {}
        self._is_stopping = False
        self._delay = _FIRST_DELAY
        self._alive, self._held = os.pipe()

    def run(self) -> None:
        """Until SIGTERM or SIGINT, and until all workers have ended."""
        for number in _SIGNALS:
            signal.signal(number, lambda *_: self._stop())
        signal.signal(signal.SIGALRM, lambda *_: self._tell(signal.SIGKILL))
        for worker in range(self._count):
            self._start(worker)
        while self._workers:
            pid, status = os.wait()
            worker, began = self._workers.pop(pid)
            if not self._is_stopping:
                _LOG.error("worker %d ended (%s): starting it again", worker, _reason(status))
                self._start_again(worker, time.monotonic() - began)
        signal.alarm(0)

    def _start(self, worker: int) -> None:
        with _signals_held():
            pid = os.fork()
            if pid:
                self._workers[pid] = (worker, time.monotonic())
                return
            for number in (*_SIGNALS, signal.SIGALRM):
                signal.signal(number, signal.SIG_DFL)
        self._be_worker(worker)

    def _be_worker(self, worker: int) -> None:
        """Never returns: what the supervisor would do next is not for a worker to do."""
        code = 1
        try:
            os.close(self._held)
            self._work(worker, self._alive)
            code = 0
        except BaseException:  # noqa: BLE001  (nobody else would tell of it)
            _LOG.exception("worker %d failed", worker)
        finally:
            logging.shutdown()
            os._exit(code)

    def _start_again(self, worker: int, lived: float) -> None:
        self._delay = _FIRST_DELAY if lived > _HEALTHY_SECONDS else min(self._delay * 2, _LONGEST_DELAY)
        time.sleep(self._delay)
        if not self._is_stopping:
            self._start(worker)

    def _stop(self) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            signal.setitimer(signal.ITIMER_REAL, self._grace)
        self._tell(signal.SIGTERM)

    def _tell(self, number: int) -> None:
        for pid in self._workers:
            os.kill(pid, number)


async def end_with_supervisor(alive: int) -> None:
    """A worker must not stay behind when its supervisor is gone."""
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(alive, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(alive)
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _signals_held() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _reason(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
