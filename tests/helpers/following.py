"""A client with a copy of a list, which it keeps up by pages of changes, as a mobile client does."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from numbering import number_events
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.outbox import OutboxStore


@dataclass
class ListFollower:
    """Follows ``entries``, such as ``customers``, through ``changes``, such as ``customerChanges``."""

    client: SubgraphClient
    by: Actor
    entries: str
    changes: str
    filter: str
    page_size: int = 20
    selection: str = "version"
    cursor: str | None = None
    copy: dict[str, Any] = field(default_factory=dict)
    resets: int = 0

    async def resume(self, *, cut_after: int | None = None) -> None:
        """Come back, take in what was missed, and compare with a query.

        The connection is lost after ``cut_after`` changes: a client keeps the cursor of the last one that it has got.
        """
        if cut_after is not None:
            for change in (await self.page(keep_cursor=False))[:cut_after]:
                await self._take(change)
                self.cursor = change["cursor"]
            return
        more = True
        while more:
            changes, more = await self._next()
            for change in changes:
                await self._take(change)
        assert self.copy == await self.fresh()

    async def page(self, *, keep_cursor: bool = True) -> list[Any]:
        """The next page of changes."""
        before = self.cursor
        changes, _ = await self._next()
        if not keep_cursor:
            self.cursor = before
        return changes

    async def fresh(self) -> dict[str, Any]:
        """What a query finds now, by id."""
        found: dict[str, Any] = {}
        after, more = None, True
        while more:
            document = f"""query($after: String) {{ {self.entries}(filter: {self.filter}, first: 100, after: $after) {{
              nodes {{ id {self.selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
            page = (await self.client.query(document, {"after": after}, by=self.by)).data[self.entries]
            found |= {node["id"]: node for node in page["nodes"]}
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        return found

    async def _next(self) -> tuple[list[Any], bool]:
        document = f"""query($after: String, $first: Int) {{
          {self.changes}(filter: {self.filter}, after: $after, first: $first) {{
            cursor hasNextPage changes {{ kind id cursor node {{ id {self.selection} }} }} }} }}"""
        given = {"after": self.cursor, "first": self.page_size}
        answer = (await self.client.query(document, given, by=self.by)).data[self.changes]
        self.cursor = answer["cursor"]
        return answer["changes"], answer["hasNextPage"]

    async def _take(self, change: Any) -> None:
        if change["kind"] == "RESET":
            self.resets += 1
            self.copy = await self.fresh()
        elif change["kind"] == "LEAVE":
            self.copy.pop(change["id"], None)
        else:
            self.copy[change["id"]] = change["node"]


def of_each_page_size(client: SubgraphClient, by: Actor, followed: tuple[str, str, str]) -> list[ListFollower]:
    """Followers of ``(entries, changes, filter)`` who get one change, a few, or all at a time."""
    return [ListFollower(client, by, *followed, page_size=size) for size in (1, 3, 50)]


async def follow_through(
    followers: Sequence[ListFollower],
    work: Callable[[], Awaitable[None]],
    outbox: OutboxStore,
    chance: random.Random,
    settle: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Random work, while clients lose their connections and come back: at the end each has what a query finds.

    ``settle``: what else has to happen before changes are told.
    """
    for _ in range(25):
        for _ in range(chance.randrange(5)):
            await work()
            if chance.random() < 0.5:
                await number_events(outbox, chance.choice([1, 2, 100]))
        await number_events(outbox)
        if settle is not None:
            await settle()
        for follower in followers:
            if chance.random() < 0.5:
                await follower.resume(cut_after=chance.choice([None, None, 1, 2]))
    for follower in followers:
        await follower.resume()
