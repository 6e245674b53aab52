"""A service's log of changes in memory, with a feed that hands them out."""

from datetime import UTC, datetime
from typing import Any

from rapport_shared.change_log import ChangeLog, Head
from rapport_shared.events import Envelope, Event, stream_of
from rapport_shared.messaging import Change, ChangeFeed
from rapport_shared.messaging.feed import Stretch


class MemoryLog(ChangeLog):
    """Keeps everything, from the position ``oldest`` on."""

    def __init__(self) -> None:
        self.entries: list[Change] = []
        self.oldest = 1
        self.epoch = "epoch"
        self.feed = ChangeFeed("customers")

    def add(self, event: Event) -> Change:
        """Number an event, without handing it out."""
        envelope = Envelope(
            id="e1",
            routing_key=event.routing_key,
            source="/test",
            subject=event.subject,
            time=datetime.now(UTC),
            version=1,
            actor="usr_x",
            correlation_id="c",
        )
        self.entries.append(Change(len(self.entries) + 1, envelope, event))
        return self.entries[-1]

    def publish(self, event: Event) -> None:
        """Number an event and hand it out."""
        self.feed.hand_out(self.add(event))

    async def head(self) -> Head:
        return Head(self.epoch, len(self.entries))

    async def follows(self, position: int, head: Head) -> bool:
        return self.oldest - 1 <= position <= head.position

    async def read(self, after: int, *, until: int, limit: int, streams: Any = None) -> Stretch:
        known = [entry for entry in self.entries if after < entry.position <= until]
        wanted = [e for e in known if streams is None or stream_of(e.envelope.routing_key) in streams][:limit]
        end = wanted[-1].position if len(wanted) == limit else until
        return Stretch(tuple(wanted), end, end < until)
