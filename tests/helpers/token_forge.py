"""Makes access tokens that no service may take, from what an attacker can have and from what only identity has."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jwt.algorithms import ECAlgorithm

Json = dict[str, Any]
Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Forge:
    """``key`` is the one that signs for identity under ``kid``, ``ended_key`` one that did; ``genuine`` is a token."""

    key: ec.EllipticCurvePrivateKey
    kid: str
    ended_key: ec.EllipticCurvePrivateKey
    ended_kid: str
    genuine: str
    refresh_token: str

    def token(self, header: Mapping[str, Any] | None = None, *, by: Sign | None = None, **claims: Any) -> str:
        """Like the genuine token but for what is given; None leaves a claim or header out. ``by`` signs."""
        now = int(time.time())
        payload = self.claims() | {"iat": now, "exp": now + 600} | claims
        head = {"alg": "ES256", "typ": "at+jwt", "kid": self.kid} | dict(header or {})
        return signed(_without_none(head), _without_none(payload), by or es256(self.key))

    def claims(self) -> Json:
        """Those of the genuine token."""
        claims: Json = jwt.decode(self.genuine, options={"verify_signature": False})
        return claims

    def public_pem(self) -> bytes:
        """The published half, as a text that an attacker could take for a secret."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, form)

    def public_jwk(self) -> Json:
        """The published half as it is published."""
        return {**ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True), "kid": self.kid, "alg": "ES256"}


def private_key(jwk: Mapping[str, Any]) -> ec.EllipticCurvePrivateKey:
    """The key of a private JWK."""
    key = ECAlgorithm(ECAlgorithm.SHA256).from_jwk(dict(jwk))
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def signed(header: object, payload: object, by: Sign) -> str:
    """A compact JWS of any JSON, or of bytes as they are."""
    content = b".".join(_encoded(part) for part in (header, payload))
    return (content + b"." + _base64(by(content))).decode()


def es256(key: ec.EllipticCurvePrivateKey) -> Sign:
    """Signs as ES256 wants it: r and s, 32 bytes each."""

    def sign(content: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    return sign


def hs256(secret: bytes) -> Sign:
    """Signs with a secret."""
    return lambda content: hmac.new(secret, content, hashlib.sha256).digest()


def nothing(_: bytes) -> bytes:
    """Does not sign."""
    return b""


def _encoded(part: object) -> bytes:
    return _base64(part if isinstance(part, bytes) else json.dumps(part).encode())


def _base64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _without_none(members: Mapping[str, Any]) -> Json:
    return {name: value for name, value in members.items() if value is not None}
