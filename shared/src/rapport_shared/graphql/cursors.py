"""Cursors of changes: where a reader stands in a service's log, and what the reader could see then."""

import base64
import binascii
import hashlib
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, Final

import orjson
from strawberry import UNSET

from rapport_shared.errors import BadInput
from rapport_shared.rights import FieldRights, Scope

_FOREIGN: Final = "The cursor is not one that this service made."


@dataclass(frozen=True, slots=True)
class ChangeCursor:
    """A position of the log, its epoch, and a digest of what was followed: the type, the filter and the rights."""

    epoch: str
    position: int
    view: str

    def __str__(self) -> str:
        content = orjson.dumps([self.epoch, self.position, self.view])
        return base64.urlsafe_b64encode(content).decode().rstrip("=")


def read_cursor(text: str) -> ChangeCursor:
    """What a client gives as ``after``. Raises BadInput."""
    try:
        padded = text + "=" * (-len(text) % 4)
        content = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise BadInput(_FOREIGN) from None
    match content:
        case [str(epoch), int(position), str(view)] if 0 <= position < 2**53:
            return ChangeCursor(epoch, position, view)
    raise BadInput(_FOREIGN)


def view_digest(type_name: str, given: object, scope: Scope, rights: FieldRights) -> str:
    """Differs where the same changes would be told differently."""
    reach = [scope.reach, sorted(scope.owners), scope.owner_fields]
    seen = [type_name, _plain(given), reach, sorted(rights.hidden)]
    return hashlib.sha256(orjson.dumps(seen, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _plain(given: Any) -> Any:
    if given is UNSET:
        return None
    if is_dataclass(given):
        values = {field.name: getattr(given, field.name) for field in fields(given)}
        return {name: _plain(value) for name, value in values.items() if value is not UNSET}
    if isinstance(given, Enum):
        return given.value
    if isinstance(given, list):
        return [_plain(item) for item in given]
    return given if isinstance(given, bool | int | None) else str(given)
