"""TCP ports on the loopback interface."""

import socket
from itertools import islice
from random import SystemRandom

from rapport_local.errors import CannotRun

LOOPBACK = "127.0.0.1"

# Systems choose the ports of outgoing connections from above these.
_NEVER_GIVEN_OUT = range(15_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, all different, and that no outgoing connection is given meanwhile.

    Raises CannotRun where there are not so many.
    """
    shuffled = SystemRandom().sample(_NEVER_GIVEN_OUT, len(_NEVER_GIVEN_OUT))
    found = list(islice(filter(_can_be_bound, shuffled), count))
    if len(found) < count:
        raise CannotRun(f"fewer than {count} ports are free on {LOOPBACK}")
    return found


def _can_be_bound(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def is_open(port: int, host: str = LOOPBACK) -> bool:
    """True when something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def require_free(port: int, needed_by: str, setting: str) -> None:
    """Raise CannotRun when the port cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            message = f"port {port} ({needed_by}) is taken: end what listens there, or choose another with {setting}"
            raise CannotRun(message) from error
