"""Replays in GraphQL: translate, call, translate."""

import strawberry

from rapport_automation.context import Info
from rapport_automation.replays import model
from rapport_automation.replays.inputs import LISTING, StartReplayInput
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import given
from rapport_shared.graphql.lists import ListQuery, list_field
from rapport_shared.graphql.scalars import DateTime


@strawberry.type(description="Events of the log that are sent to a queue again.")
class Replay:
    """The GraphQL form of a replay."""

    id: strawberry.ID = strawberry.field(description="Its id, `rpl_…`.")
    queue: str = strawberry.field(description="Where they are sent to.")
    events: list[str] = strawberry.field(description="Patterns of their routing keys.")
    since: DateTime = strawberry.field(description="The time of the first.")
    until: DateTime = strawberry.field(description="Before which time they end.")
    status: model.ReplayStatus = strawberry.field(description="How far it is.")
    sent: int = strawberry.field(description="How many were sent, and confirmed by the broker.")
    failure: str | None = strawberry.field(description="Why it failed: QUEUE_NOT_FOUND.")
    started_by_id: strawberry.ID = strawberry.field(description="The id of who started it.")
    created_at: DateTime = strawberry.field(description="When it was started.")
    updated_at: DateTime = strawberry.field(description="When it last went on.")

    @classmethod
    def from_model(cls, replay: model.Replay) -> "Replay":
        """The public form."""
        return cls(
            id=strawberry.ID(replay.id),
            queue=replay.queue,
            events=list(replay.events),
            since=DateTime(replay.since),
            until=DateTime(replay.until),
            status=replay.status,
            sent=replay.sent,
            failure=replay.failure,
            started_by_id=strawberry.ID(replay.started_by_id),
            created_at=DateTime(replay.created_at),
            updated_at=DateTime(replay.updated_at),
        )


@strawberry.type(description="The replay that was started, or what is wrong.")
class StartReplayPayload:
    """Payload of startReplay."""

    replay: Replay | None = strawberry.field(default=None, description="The replay as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")


@strawberry.type
class ReplayQuery:
    """Reading replays."""

    @strawberry.field(description="One replay; null where there is none, or none that you may see.")
    async def replay(self, info: Info, id: strawberry.ID) -> Replay | None:
        """By id."""
        found = await info.context.replays.find(id, by=info.context.actor)
        return None if found is None else Replay.from_model(found)

    @list_field("The replays that you may see.", LISTING)
    async def replays(self, info: Info, query: ListQuery) -> Connection[Replay]:
        """A page."""
        service, by = info.context.replays, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Replay.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class ReplayMutation:
    """Starting replays."""

    @mutation("Send events of the log to a queue again, in the log's order; the worker does it.")
    async def start_replay(self, info: Info, input: StartReplayInput) -> StartReplayPayload:
        """Start."""
        started = await info.context.replays.start(
            queue=input.queue,
            events=input.events,
            since=input.since,
            until=given(input.until),
            idempotency_key=given(input.idempotency_key),
            by=info.context.actor,
        )
        return StartReplayPayload(replay=Replay.from_model(started))
