"""What this service does on events: it hears of its own users, roles, teams, keys and sessions as every other does."""

from rapport_identity.work import IdentityWork
from rapport_shared.access import ACCESS_HANDLERS
from rapport_shared.delivery import Handlers

HANDLERS: Handlers[IdentityWork] = {**ACCESS_HANDLERS}
