"""The zoo: access tokens that are malformed, forged, stale or misused, each with its name."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from token_forge import Forge, Json, es256, hs256, nothing, signed

NOW: Final = int(time.time())
_STRANGER: Final = ec.generate_private_key(ec.SECP256R1())
_EVIL: Final = "http://127.0.0.1:9/keys"


def _stranger_jwk(forge: Forge) -> Json:
    return Forge(_STRANGER, forge.kid, _STRANGER, "", forge.genuine, "").public_jwk()


def _unsigned(algorithm: str) -> Callable[[Forge], str]:
    return lambda forge: forge.token({"alg": algorithm}, by=nothing)


def _with(**claims: Any) -> Callable[[Forge], str]:
    return lambda forge: forge.token(**claims)


def _headed(**header: Any) -> Callable[[Forge], str]:
    return lambda forge: forge.token(header)


def _by_stranger(**header: Any) -> Callable[[Forge], str]:
    return lambda forge: forge.token(header, by=es256(_STRANGER))


def _parts(change: Callable[[list[str]], list[str]]) -> Callable[[Forge], str]:
    return lambda forge: ".".join(change(forge.genuine.split(".")))


def _deep(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def _payload(forge: Forge, text: str) -> str:
    """Claims of which some come twice: first as ``text`` says."""
    usual = json.dumps(forge.claims() | {"iat": NOW - 900, "exp": NOW - 300})[1:]
    return signed({"alg": "ES256", "typ": "at+jwt", "kid": forge.kid}, f"{{{text}, {usual}".encode(), es256(forge.key))


FORGED: Final[dict[str, Callable[[Forge], str]]] = {
    "alg none": _unsigned("none"),
    "alg None": _unsigned("None"),
    "alg nOnE": _unsigned("nOnE"),
    "alg empty": _unsigned(""),
    "alg absent": lambda forge: forge.token({"alg": None}),
    "alg a list": _headed(alg=["ES256"]),
    "HS256 with the public PEM": lambda forge: forge.token({"alg": "HS256"}, by=hs256(forge.public_pem())),
    "HS256 with the public JWK": lambda forge: forge.token(
        {"alg": "HS256"}, by=hs256(json.dumps(forge.public_jwk()).encode())
    ),
    "HS256 with an empty secret": lambda forge: forge.token({"alg": "HS256"}, by=hs256(b"")),
    "ES256 said, HS256 made": lambda forge: forge.token(by=hs256(forge.public_pem())),
    "ES384 said": _headed(alg="ES384"),
    "RS256 said": _headed(alg="RS256"),
    "a stranger's key under our kid": _by_stranger(),
    "a stranger's key in jwk": lambda forge: forge.token({"jwk": _stranger_jwk(forge)}, by=es256(_STRANGER)),
    "a stranger's key at jku": _by_stranger(jku=_EVIL),
    "a stranger's key at x5u": _by_stranger(x5u=_EVIL),
    "a stranger's key in x5c": _by_stranger(x5c=["MIIB"]),
    "kid unknown": _headed(kid="sgn_unknown"),
    "kid absent": _headed(kid=None),
    "kid empty": _headed(kid=""),
    "kid a path": _by_stranger(kid="../../../../dev/null"),
    "kid a query": _by_stranger(kid="' UNION SELECT 'key'--"),
    "kid a number": _headed(kid=7),
    "kid a list": lambda forge: forge.token({"kid": [forge.kid]}),
    "an ended key": lambda forge: forge.token({"kid": forge.ended_kid}, by=es256(forge.ended_key)),
    "an ended key under the present kid": lambda forge: forge.token(by=es256(forge.ended_key)),
    "signature of zeros": lambda forge: forge.token(by=lambda _: bytes(64)),
    "signature in DER": lambda forge: forge.token(
        by=lambda content: forge.key.sign(content, ec.ECDSA(hashes.SHA256()))
    ),
    "signature cut off": _parts(lambda parts: [*parts[:2], ""]),
    "signature absent": _parts(lambda parts: parts[:2]),
    "signature cut short": _parts(lambda parts: [*parts[:2], parts[2][:-8]]),
    "payload exchanged": lambda forge: ".".join(
        [forge.genuine.split(".")[0], forge.token(role="ADMIN", jti="x").split(".")[1], forge.genuine.split(".")[2]]
    ),
    "header exchanged": lambda forge: ".".join(
        [forge.token({"alg": "none"}, by=nothing).split(".")[0], *forge.genuine.split(".")[1:]]
    ),
    "two signatures": _parts(lambda parts: [*parts, parts[2]]),
    "two signatures, in JSON": lambda forge: json.dumps(
        {
            "payload": forge.genuine.split(".")[1],
            "signatures": [{"protected": forge.genuine.split(".")[0], "signature": forge.genuine.split(".")[2]}] * 2,
        }
    ),
}
MALFORMED: Final[dict[str, Callable[[Forge], str]]] = {
    "crit": _headed(crit=["exp"]),
    "crit of our own": _headed(crit=["rapport"], rapport=True),
    "b64 false": _headed(crit=["b64"], b64=False),
    "header no object": lambda forge: signed([], forge.claims(), es256(forge.key)),
    "header null": lambda forge: signed(None, forge.claims(), es256(forge.key)),
    "header nested without end": lambda forge: signed(_deep(700), forge.claims(), es256(forge.key)),
    "payload no object": lambda forge: signed(
        {"alg": "ES256", "typ": "at+jwt", "kid": forge.kid}, [forge.claims()], es256(forge.key)
    ),
    "payload nested without end": lambda forge: signed(
        {"alg": "ES256", "typ": "at+jwt", "kid": forge.kid}, _deep(700), es256(forge.key)
    ),
    "payload no UTF-8": lambda forge: signed(
        {"alg": "ES256", "typ": "at+jwt", "kid": forge.kid}, b"\xff{}", es256(forge.key)
    ),
    "no token": lambda forge: "token",
    "dots": lambda forge: "..",
    "base64 broken": lambda forge: "!" + forge.genuine,
    "a blank inside": lambda forge: forge.genuine[:40] + " " + forge.genuine[40:],
    "longer than any": lambda forge: forge.token(padding="x" * 5000),
    "64 KB": lambda forge: forge.token(padding=base64.b64encode(bytes(36_000)).decode()),
    "encrypted, as it says": lambda forge: forge.genuine + ".AAAA.AAAA",
}
MISUSED: Final[dict[str, Callable[[Forge], str]]] = {
    "typ JWT": _headed(typ="JWT"),
    "typ absent": _headed(typ=None),
    "typ of a refresh token": _headed(typ="rt+jwt"),
    "typ of a service token": _headed(typ="svc+jwt"),
    "typ of an ID token": _headed(typ="id+jwt"),
    "the refresh token": lambda forge: forge.refresh_token,
    "for another audience": _with(aud="elsewhere"),
    "for a list of audiences": _with(aud=["rapport"]),
    "for several audiences": _with(aud=["elsewhere", "rapport"]),
    "aud absent": _with(aud=None),
    "by another issuer": _with(iss="elsewhere"),
    "iss absent": _with(iss=None),
    "sub absent": _with(sub=None),
    "sub a number": _with(sub=7),
    "sub empty": _with(sub=""),
    "sub an object": _with(sub={"$ne": None}),
    "role absent": _with(role=None),
    "role a list": _with(role=["ADMIN"]),
    "role an object": _with(role={"$gt": ""}),
    "sid absent": _with(sid=None),
    "sid a number": _with(sid=7),
    "via the system": _with(via="SYSTEM"),
    "via a number": _with(via=7),
    "of a key without an owner": _with(via="KEY", sub="key_1"),
    "of a key whose owner is no text": _with(via="KEY", sub="key_1", owner={"$ne": ""}),
}
STALE: Final[dict[str, Callable[[Forge], str]]] = {
    "exp past": _with(iat=NOW - 1200, exp=NOW - 600),
    "exp absent": _with(exp=None),
    "exp in the year 3000": _with(exp=32_503_680_000),
    "exp in two hours": _with(exp=NOW + 7200),
    "exp a text": _with(exp=str(NOW + 300)),
    "exp twice": lambda forge: _payload(forge, f'"exp": {NOW + 300}'),
    "exp infinite": _with(exp=float("inf")),
    "exp not a number": _with(exp=float("nan")),
    "exp of many digits": _with(exp=10**400),
    "exp a list": _with(exp=[NOW + 300]),
    "exp before iat": _with(iat=NOW + 5, exp=NOW + 1),
    "iat absent": _with(iat=None),
    "iat to come": _with(iat=NOW + 3600, exp=NOW + 4000),
    "iat a text": _with(iat=str(NOW)),
    "nbf to come": _with(nbf=NOW + 3600),
    "nbf a text": _with(nbf="tomorrow"),
}
ZOO: Final = FORGED | MALFORMED | MISUSED | STALE
