"""What this service does on others' events: nothing."""

from rapport_identity.work import IdentityWork
from rapport_shared.delivery import Handlers

HANDLERS: Handlers[IdentityWork] = {}
