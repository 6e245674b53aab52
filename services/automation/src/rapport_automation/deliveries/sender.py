"""Calls webhooks: signed in the form of Standard Webhooks, to public addresses only."""

import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from standardwebhooks import Webhook as Signer

from rapport_automation.deliveries.model import Outcome
from rapport_shared.events import CONTENT_TYPE

TIMEOUT_SECONDS: Final = 15.0
_CONNECT_SECONDS: Final = 5.0
_IDLE_SECONDS: Final = 2.0  # a connection that is idle for longer is not used: servers close theirs after five and more
_USER_AGENT: Final = "Rapport-Webhooks/1"
_NOT_ALLOWED: Final = "TARGET_NOT_ALLOWED"
_NAT64: Final = IPv6Network("64:ff9b::/96")

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


class Targets:
    """Which addresses may be called: public ones over HTTPS, and those of ``allowed`` networks over HTTP too."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    def admits(self, address: Address, *, encrypted: bool) -> bool:
        """Whether this address may be called; one within another (IPv4 in IPv6) counts as what it leads to."""
        inner = _inner(address)
        if any(inner in network for network in self._allowed if network.version == inner.version):
            return True
        return encrypted and inner.is_global and not inner.is_multicast


class Sender:
    """Sends signed requests; holds a pool of connections for HTTP and one for HTTPS."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def send(self, url: str, body: bytes, *, message_id: str, secrets: Sequence[str], now: datetime) -> Outcome:
        """One try: what the server answered, or a stable code of why it did not. Redirects are not followed."""
        headers = {
            "content-type": CONTENT_TYPE,
            "user-agent": _USER_AGENT,
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(Signer(secret).sign(message_id, now, body.decode()) for secret in secrets),
        }
        try:
            async with self._session(url).post(url, data=body, headers=headers, allow_redirects=False) as response:
                return Outcome(status=response.status, retry_after=_retry_after(response.headers.get("retry-after")))
        except TimeoutError:
            return Outcome(error="TIMEOUT")
        except aiohttp.ClientSSLError:
            return Outcome(error="TLS_FAILED")
        except aiohttp.ClientConnectorDNSError:
            return Outcome(error="HOST_NOT_FOUND")
        except (aiohttp.ClientError, OSError) as failure:
            return Outcome(error=_NOT_ALLOWED if _NOT_ALLOWED in str(failure.__cause__) else "CONNECTION_FAILED")

    async def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            await session.close()

    def _session(self, url: str) -> aiohttp.ClientSession:
        scheme = urlsplit(url).scheme
        if scheme not in self._sessions:
            # The address is checked where it is connected to: however the host is written, and whatever it resolves to.
            opened = partial(_opened, self._targets, scheme == "https")
            self._sessions[scheme] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(socket_factory=opened, keepalive_timeout=_IDLE_SECONDS),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS, connect=_CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._sessions[scheme]


def _opened(targets: Targets, encrypted: bool, target: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, _, address = target
    if not targets.admits(ip_address(address[0]), encrypted=encrypted):
        raise OSError(_NOT_ALLOWED)
    return socket.socket(family, kind, protocol)


def _inner(address: Address) -> Address:
    if not isinstance(address, IPv6Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address


def _retry_after(value: str | None) -> timedelta | None:
    return timedelta(seconds=int(value)) if value is not None and value.isascii() and value.isdigit() else None
