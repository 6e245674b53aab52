"""Rows of a service's access records, as identity's events would have made them."""

from typing import Any


def user_row(
    identifier: str, role: str = "SALES", *, active: bool = True, team_id: str | None = None
) -> dict[str, Any]:
    """A known user."""
    return _row(identifier, "USER", role=role, active=active, team_id=team_id)


def role_row(
    name: str, grants: dict[str, dict[str, str]], fields: dict[str, dict[str, str]] | None = None
) -> dict[str, Any]:
    """A known role."""
    return _row(name, "ROLE", label=name, grants=grants, fields=fields or {}, builtin=False, deleted=False)


def team_row(identifier: str, parent_id: str | None = None) -> dict[str, Any]:
    """A known team."""
    return _row(identifier, "TEAM", parent_id=parent_id, deleted=False)


def _row(identifier: str, kind: str, **values: Any) -> dict[str, Any]:
    return {"_id": identifier, "kind": kind, "version": 1, "seq": 1, **values}
