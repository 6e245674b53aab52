"""Requests that another site's page could make a browser send without asking first (cross-site request forgery).

A browser sends what HTML forms can send without a preflight. Such a body is never JSON, so POST is safe by its content
type; GET is safe with any header that a page cannot set without a preflight, or when the browser says who asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_OF_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
_SAME_SITE = frozenset({"same-origin", "none"})


def is_preflighted(headers: Mapping[str, str], proofs: Sequence[str]) -> bool:
    """Whether a GET is sure to come from a page that may ask, or from no page. `proofs` are names of headers."""
    if headers.get("sec-fetch-site") in _SAME_SITE or headers.get("authorization"):
        return True
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type and content_type not in _OF_FORMS:
        return True
    return any(headers.get(name) for name in proofs)
