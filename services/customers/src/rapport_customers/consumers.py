"""What this service does on others' events: one visible table."""

from rapport_customers.projections.users import keep_user
from rapport_customers.work import CustomersWork
from rapport_shared.contracts.identity import UserCreated, UserUpdated
from rapport_shared.delivery import Handlers
from rapport_shared.events import Envelope


async def on_user(event: UserCreated | UserUpdated, envelope: Envelope, work: CustomersWork) -> None:
    """A user can own customers from now on, or not any more."""
    await keep_user(work.users, event, envelope)


HANDLERS: Handlers[CustomersWork] = {UserCreated: on_user, UserUpdated: on_user}
