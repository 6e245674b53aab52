"""Events of the customers service about saved views."""

from dataclasses import dataclass

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class SavedViewState:
    """Whose a view is, and with whom it is shared; what it asks for is fetched by id."""

    owner_id: str
    shared_roles: tuple[str, ...] = ()
    shared_team_ids: tuple[str, ...] = ()
    deleted: bool = False


@event("customers.saved_view.created", version=1, subject="view_id")
class SavedViewCreated(Event):
    """Somebody has saved a view."""

    view_id: str
    after: SavedViewState


@event("customers.saved_view.updated", version=1, subject="view_id")
class SavedViewUpdated(Event):
    """A view asks for something else, or is shared with others; ``changed`` names the fields."""

    view_id: str
    changed: tuple[str, ...]
    before: SavedViewState
    after: SavedViewState


@event("customers.saved_view.deleted", version=1, subject="view_id")
class SavedViewDeleted(Event):
    """A view is gone."""

    view_id: str
    before: SavedViewState
    after: SavedViewState
