"""Saved views in GraphQL: translate, call, translate."""

from typing import Any

import strawberry
from strawberry.scalars import JSON

from rapport_customers.context import Info
from rapport_customers.customers.inputs import LISTING
from rapport_customers.views import model
from rapport_customers.views.errors import InvalidView
from rapport_customers.views.inputs import (
    CreateSavedViewInput,
    DeleteSavedViewInput,
    UpdateSavedViewInput,
    as_given,
)
from rapport_shared.contracts.roles import CUSTOM
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.field_rights import asked, check_asked
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import orders, searched
from rapport_shared.graphql.scalars import DateTime

TYPE = "Customer"


@strawberry.type(
    description="A kept view of the list of customers; what it shows is what you may see, whoever shares it."
)
class SavedView:
    """The GraphQL form of a view."""

    view: strawberry.Private[model.SavedView]
    id: strawberry.ID = strawberry.field(description="Its id, `viw_…`.")
    name: str = strawberry.field(description="What people call it.")
    owner_id: strawberry.ID = strawberry.field(description="The id of who saved it.")
    search: str | None = strawberry.field(description="The text that is searched for.")
    shared_roles: list[str] = strawberry.field(description="The roles that may use it as well.")
    shared_team_ids: list[strawberry.ID] = strawberry.field(description="The teams that may use it as well.")
    created_at: DateTime = strawberry.field(description="When it was saved.")
    updated_at: DateTime = strawberry.field(description="When it last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @strawberry.field(
        description="The fields of the view that your role hides from you: you see the view without them."
    )
    def hidden_fields(self, info: Info) -> list[str]:
        """Of its filter, its order and its columns."""
        return list(self.view.hidden(info.context.fields(TYPE).hidden))

    @strawberry.field(description="For the argument `filter` of `customers`; null where it goes by a hidden field.")
    def filter(self, info: Info) -> JSON | None:
        """What values stand in it may be as secret as the field."""
        return None if self._goes_by_hidden(info) else JSON(self.view.filter)

    @strawberry.field(description="For the argument `orderBy` of `customers`; empty where it goes by a hidden field.")
    def order_by(self, info: Info) -> JSON:
        """As given."""
        return JSON([] if self._goes_by_hidden(info) else list(self.view.order_by))

    @strawberry.field(description="The fields to show, without those that your role hides.")
    def columns(self, info: Info) -> list[str]:
        """In their order."""
        hidden = info.context.fields(TYPE).hidden
        return [column for column in self.view.columns if column not in hidden]

    def _goes_by_hidden(self, info: Info) -> bool:
        return bool(self.view.asked & info.context.fields(TYPE).hidden)

    @classmethod
    def from_model(cls, view: model.SavedView) -> "SavedView":
        """The public form."""
        return cls(
            view=view,
            id=strawberry.ID(view.id),
            name=view.name,
            owner_id=strawberry.ID(view.owner_id),
            search=view.search,
            shared_roles=list(view.shared_roles),
            shared_team_ids=[strawberry.ID(team) for team in view.shared_team_ids],
            created_at=DateTime(view.created_at),
            updated_at=DateTime(view.updated_at),
            version=view.version,
        )


@strawberry.type(description="The view after a change, or what is wrong.")
class SavedViewPayload:
    """Payload of every mutation of views."""

    saved_view: SavedView | None = strawberry.field(default=None, description="The view as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, view: model.SavedView) -> "SavedViewPayload":
        """The payload of success."""
        return cls(saved_view=SavedView.from_model(view))


@strawberry.type
class SavedViewQuery:
    """Reading views."""

    @strawberry.field(description="Your views, and those that are shared with you, by name: at most 500.")
    async def saved_views(self, info: Info) -> list[SavedView]:
        """One query."""
        return [SavedView.from_model(view) for view in await info.context.views.readable(by=info.context.actor)]


@strawberry.type
class SavedViewMutation:
    """Changing views."""

    @mutation("Keep a view of the list of customers: what the list would refuse is refused here.")
    async def create_saved_view(self, info: Info, input: CreateSavedViewInput) -> SavedViewPayload:
        """Create."""
        made = await info.context.views.create(
            await _stored(info, input), idempotency_key=given(input.idempotency_key), by=info.context.actor
        )
        return SavedViewPayload.of(made)

    @mutation("Change a saved view.")
    async def update_saved_view(self, info: Info, input: UpdateSavedViewInput) -> SavedViewPayload:
        """Update."""
        changed = await info.context.views.update(
            input.id,
            await _stored(info, input),
            expected_version=given(input.expected_version),
            by=info.context.actor,
        )
        return SavedViewPayload.of(changed)

    @mutation("Delete a saved view.")
    async def delete_saved_view(self, info: Info, input: DeleteSavedViewInput) -> SavedViewPayload:
        """Delete."""
        expected = given(input.expected_version)
        gone = await info.context.views.delete(input.id, expected_version=expected, by=info.context.actor)
        return SavedViewPayload.of(gone)


async def _stored(info: Info, input: CreateSavedViewInput | UpdateSavedViewInput) -> dict[str, Any]:
    """What an input sets, as it is kept. Raises what the list would raise, and InvalidView for a bad column."""
    found = details(input)
    if found.keys() & {"filter", "order_by"}:
        filtered, keys = given(input.filter), given(input.order_by)
        listing = await LISTING.now(info.context, filtered, keys)
        check_asked(info.context.fields(TYPE).hidden, given=filtered, order=keys)
        listing.condition(filtered, searched(given(input.search)))
        orders(keys, listing)
        if "filter" in found:
            found |= {"filter": as_given(filtered) or {}, "filter_fields": tuple(sorted(set(asked(filtered))))}
        if "order_by" in found:
            found |= {"order_by": tuple(as_given(keys or [])), "order_fields": tuple(sorted(set(asked(None, keys))))}
    await _require_columns(info, given(input.columns) or [])
    return found


async def _require_columns(info: Info, columns: list[str]) -> None:
    known = {field.name for field in info.schema.get_type_by_name(TYPE).fields}  # type: ignore[union-attr]
    names = {info.schema.config.name_converter.apply_naming_config(name) for name in known}
    names |= {f"{CUSTOM}{key}" for key in (await info.context.custom_fields.definitions()).by_key}
    unknown = [column for column in columns if column not in names]
    if unknown:
        raise InvalidView(f"{unknown[0][:60]} is no field of customers.", path=("input", "columns"))
