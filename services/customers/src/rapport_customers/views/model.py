"""A saved view: guards its state and records what happens to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from rapport_customers.views.errors import InvalidView
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.views import SavedViewCreated, SavedViewDeleted, SavedViewState, SavedViewUpdated
from rapport_shared.text import printable

MAX_NAME: Final = 100
MAX_COLUMNS: Final = 60
MAX_SHARED: Final = 50


@dataclass(kw_only=True)
class SavedView(Aggregate):
    """``filter`` and ``order_by`` are the arguments of the list as JSON, which go by ``filter_fields`` and
    ``order_fields``.

    ``shared_roles`` and ``shared_team_ids`` may use the view, each within what they may see.
    """

    name: str
    owner_id: str
    filter: Mapping[str, Any] = field(default_factory=dict)
    order_by: tuple[Mapping[str, Any], ...] = ()
    search: str | None = None
    columns: tuple[str, ...] = ()
    filter_fields: tuple[str, ...] = ()
    order_fields: tuple[str, ...] = ()
    shared_roles: tuple[str, ...] = ()
    shared_team_ids: tuple[str, ...] = ()
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    @classmethod
    def create(cls, identifier: str, owner_id: str, details: Mapping[str, Any], *, now: datetime) -> "SavedView":
        """A new view. Raises InvalidView."""
        view = cls(id=identifier, owner_id=owner_id, created_at=now, updated_at=now, **_checked(details))
        view.record(SavedViewCreated(view_id=identifier, after=view.state()))
        return view

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named. Nothing happens where nothing differs."""
        checked = _checked(changes)
        changed = self.differing(checked)
        if not changed:
            return
        before = self.state()
        self.assign(checked)
        self.updated_at = now
        self.record(SavedViewUpdated(view_id=self.id, changed=changed, before=before, after=self.state()))

    def delete(self, *, now: datetime) -> None:
        """Take it away."""
        before = self.state()
        self.deleted_at = self.updated_at = now
        self.record(SavedViewDeleted(view_id=self.id, before=before, after=self.state()))

    @property
    def asked(self) -> frozenset[str]:
        """The fields that the view goes by."""
        return frozenset({*self.filter_fields, *self.order_fields})

    def hidden(self, hidden: Iterable[str]) -> tuple[str, ...]:
        """The fields of the view that are among these."""
        return tuple(sorted({*self.asked, *self.columns} & set(hidden)))

    def state(self) -> SavedViewState:
        """What others may know."""
        return SavedViewState(
            owner_id=self.owner_id,
            shared_roles=self.shared_roles,
            shared_team_ids=self.shared_team_ids,
            deleted=self.deleted_at is not None,
        )


def _checked(details: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(details)
    if "name" in found:
        found["name"] = printable(found["name"] or "")
        if not 1 <= len(found["name"]) <= MAX_NAME:
            raise InvalidView(f"A name has 1 to {MAX_NAME} printable characters.", path=("input", "name"))
    for name, path, most in (
        ("columns", "columns", MAX_COLUMNS),
        ("shared_roles", "sharedRoles", MAX_SHARED),
        ("shared_team_ids", "sharedTeamIds", MAX_SHARED),
    ):
        if name in found:
            found[name] = tuple(dict.fromkeys(found[name] or ()))
            if len(found[name]) > most:
                raise InvalidView(f"There are at most {most} of these.", path=("input", path))
    return found
