"""Ctrl-C, SIGTERM and a closed terminal all mean: end in order, once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """The user, or whoever runs us, wants the system to end."""


@contextmanager
def stop_signals() -> Iterator[None]:
    """Raise Stopped in the main thread at the first of these signals; later ones do not disturb the orderly end."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def first(_: int, __: FrameType | None) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    for number in _SIGNALS:
        signal.signal(number, first)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
