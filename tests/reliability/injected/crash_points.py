"""Named points at which a process ends at once, as if it were killed there, or is frozen."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn

import aiormq.channel

from rapport_shared.delivery import Consumer, lease
from rapport_shared.outbox import OutboxStore
from rapport_shared.persistence import Transactions

# What no process of Rapport ends with otherwise: who sees it knows that the point was reached.
EXIT_CODE = 86


def arm(point: str) -> None:
    """Make this process end, or freeze, when it reaches the point for the first time.

    It holds its relay's lease for a shorter time than usual: the next process then need not wait so long for it.
    """
    _replace(lease, "DURATION", timedelta(seconds=2))
    _POINTS[point]()


def _mid_transaction() -> None:
    """Everything is written, nothing is committed."""
    run = Transactions.run

    async def dying(self: Any, change: Callable[..., Any]) -> Any:
        async def change_and_die(work: Any) -> NoReturn:
            await change(work)
            _die()

        return await run(self, change_and_die)

    _replace(Transactions, "run", dying)


def _before(owner: type, name: str) -> Callable[[], None]:
    def put() -> None:
        _replace(owner, name, lambda *_, **__: _die())

    return put


def _after(owner: type, name: str, *, freeze: bool = False) -> Callable[[], None]:
    """Once the method has done, or found, something."""

    def put() -> None:
        method = getattr(owner, name)
        frozen = False

        async def reaching(*args: Any, **kwargs: Any) -> Any:
            nonlocal frozen
            result = await method(*args, **kwargs)
            if result and not freeze:
                _die()
            elif result and not frozen:
                frozen = True
                os.kill(os.getpid(), signal.SIGSTOP)
            return result

        _replace(owner, name, reaching)

    return put


def _replace(owner: Any, name: str, replacement: Any) -> None:
    setattr(owner, name, replacement)


def _die() -> NoReturn:
    os._exit(EXIT_CODE)


_POINTS: dict[str, Callable[[], None]] = {
    "service.mid-transaction": _mid_transaction,
    "service.after-commit-before-answer": _after(Transactions, "run"),
    "relay.after-read-before-publish": _after(OutboxStore, "waiting"),
    # The broker has the message and has said so; the relay has not taken notice yet.
    "relay.after-publish-before-confirm": _before(aiormq.channel.Channel, "_confirm_delivery"),
    "relay.after-confirm-before-mark": _before(OutboxStore, "mark_sent"),
    "consumer.before-transaction": _before(Consumer, "_handle"),
    "consumer.mid-transaction": _mid_transaction,
    "consumer.after-commit-before-ack": _after(Transactions, "run"),
    "consumer.freeze-after-commit-before-ack": _after(Transactions, "run", freeze=True),
    "relay.freeze-after-read-before-publish": _after(OutboxStore, "waiting", freeze=True),
}
