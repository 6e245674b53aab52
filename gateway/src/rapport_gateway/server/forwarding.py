"""What subgraphs are told of a client: who asks, the ids to follow the request by, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rapport_gateway.server.clients import client_address
from rapport_gateway.server.replies import Scope
from rapport_gateway.server.requests import FORWARDED, REQUEST_ID, forwarded_headers
from rapport_gateway.settings import PREFIX, InvalidSetting, Settings
from rapport_gateway.subgraphs.client import ForwardedHeaders

_NAME = re.compile(r"[a-z0-9-]{1,64}")
_TAKEN = {*FORWARDED, REQUEST_ID, "service-authorization", "content-type", "content-length", "host"}


class Forwarding:
    def __init__(self, settings: Settings) -> None:
        """Raises InvalidSetting."""
        self._address_header = settings.address_header.lower()
        self._hops = settings.forwarded_hops
        if self._address_header and (not _NAME.fullmatch(self._address_header) or self._address_header in _TAKEN):
            raise InvalidSetting(f"{PREFIX}ADDRESS_HEADER is {settings.address_header!r}, which names no free header")

    def headers(self, scope: Scope, headers: Mapping[str, str]) -> ForwardedHeaders:
        """`headers` are the client's, of which none has a say in where it comes from but `x-forwarded-for`."""
        return ForwardedHeaders({**forwarded_headers(headers), **self.address(scope)})

    def address(self, scope: Scope) -> dict[str, str]:
        """Of these headers the one that says where the client comes from, if there is to be one."""
        return {self._address_header: client_address(scope, self._hops)} if self._address_header else {}
