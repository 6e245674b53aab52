"""``POST /token``: an access token for an API key, as OAuth 2.0 clients ask for it (RFC 6749, client credentials)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, unquote_plus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rapport_identity.api_keys.errors import InvalidApiKey
from rapport_identity.api_keys.model import parsed
from rapport_identity.api_keys.service import ApiKeyService
from rapport_shared.clock import Clock
from rapport_shared.http.answers import json_answer
from rapport_shared.mongo import DatabaseError

PATH: Final = "/token"
MAX_BODY: Final = 8192
_FORM: Final = "application/x-www-form-urlencoded"


class _Refused(Exception):
    """An answer that is no token: its status and the error code of RFC 6749."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(code)
        self.status, self.code, self.description = status, code, description


def token_route(api_keys: ApiKeyService, clock: Clock) -> Route:
    """``client_id`` is the key's id, ``client_secret`` the whole key; in the form or as HTTP Basic."""

    async def token(request: Request) -> Response:
        try:
            access = await api_keys.exchange(await _shown(request))
        except InvalidApiKey as invalid:
            return _refusal(_Refused(401, "invalid_client", invalid.message))
        except _Refused as refused:
            return _refusal(refused)
        except DatabaseError:
            return _refusal(_Refused(503, "temporarily_unavailable", "Try again."))
        seconds = int((access.expires_at - clock()).total_seconds())
        return _private(
            json_answer(200, {"access_token": access.access_token, "token_type": "Bearer", "expires_in": seconds})
        )

    return Route(PATH, token, methods=["POST"])


async def _shown(request: Request) -> str:
    """The key that the request shows. Raises _Refused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise _Refused(400, "invalid_request", f"Send a form: {_FORM}.")
    body = await request.body()
    if len(body) > MAX_BODY:
        raise _Refused(400, "invalid_request", "The form is too long.")
    form = _single(body)
    if "grant_type" not in form:
        raise _Refused(400, "invalid_request", "grant_type is missing.")
    if form["grant_type"] != "client_credentials":
        raise _Refused(400, "unsupported_grant_type", "Only client_credentials.")
    basic = request.headers.get("authorization")
    if basic is not None and "client_secret" in form:
        raise _Refused(400, "invalid_request", "Show the key once: in the form or in the header.")
    client, key = _basic(basic) if basic is not None else (form.get("client_id", ""), form.get("client_secret", ""))
    parts = parsed(key)
    if parts is None or parts[0] != client:
        raise InvalidApiKey("client_id is an API key's id, client_secret the whole key.")
    return key


def _single(body: bytes) -> Mapping[str, str]:
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=20)
    except ValueError:
        raise _Refused(400, "invalid_request", "This is not a form.") from None
    if any(len(values) > 1 for values in fields.values()):
        raise _Refused(400, "invalid_request", "A field comes twice.")
    return {name: values[0] for name, values in fields.items()}


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise _Refused(401, "invalid_client", "This is not HTTP Basic.")
    return unquote_plus(user), unquote_plus(password)


def _refusal(refused: _Refused) -> Response:
    answer = json_answer(refused.status, {"error": refused.code, "error_description": refused.description})
    if refused.status == 401:
        answer.headers["www-authenticate"] = 'Basic realm="rapport"'
    return _private(answer)


def _private(answer: Response) -> Response:
    answer.headers["cache-control"] = "no-store"
    return answer
