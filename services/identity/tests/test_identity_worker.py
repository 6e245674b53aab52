"""The worker process, on the real broker."""

import asyncio

from rapport_identity.app import worker
from rapport_identity.settings import Settings
from rapport_identity.users.service import UserService
from rapport_shared.actor import Actor
from rapport_shared.contracts.identity import UserCreated, UserState
from rapport_shared.events import decode
from rapport_shared.messaging import declare_exchanges, open_channel


async def test_a_new_user_is_told_to_all(settings: Settings, users: UserService, admin: Actor) -> None:
    app = worker(settings)
    async with open_channel(settings.amqp_url) as channel:
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(await declare_exchanges(channel), "identity.user.*.v1")
        made = await users.create({"email": "a@x.cn", "name": "a", "role": "SUPPORT"}, password=None, by=admin)
        async with app.router.lifespan_context(app), asyncio.timeout(20), queue.iterator(no_ack=True) as messages:
            envelope, event = decode((await anext(messages)).body)
    assert event == UserCreated(user_id=made.id, after=UserState(role="SUPPORT", active=True))
    assert (envelope.subject, envelope.version, envelope.actor) == (made.id, 1, admin.id)
