"""What the broker's log knows of an audit chain."""

from rapport_shared.contracts.audit import SEALED, AuditSealed
from rapport_shared.messaging.connection import open_channel
from rapport_shared.messaging.log import read_log


async def published_blocks(amqp_url: str, service: str) -> dict[int, str]:
    """The hashes of blocks by number, as they were published when they were sealed; the log keeps some days."""
    blocks: dict[int, str] = {}
    async with open_channel(amqp_url) as channel:
        async for _, event in read_log(channel, SEALED[service]):
            assert isinstance(event, AuditSealed)  # noqa: S101 - no other type was asked for
            blocks.setdefault(event.end.seq, event.end.hash)
    return blocks
