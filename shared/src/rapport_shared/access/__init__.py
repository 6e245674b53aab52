"""Who may act, as every service knows it: identity's users, roles, teams, API keys and ended sessions.

Fed by the bus, kept in the service's own database, held in memory by its API process: it holds with identity away.
"""

from rapport_shared.access.directory import Directory
from rapport_shared.access.handlers import ACCESS_HANDLERS
from rapport_shared.access.records import COLLECTION, INDEXES, AccessRecords, adopt_users

__all__ = ["ACCESS_HANDLERS", "COLLECTION", "INDEXES", "AccessRecords", "Directory", "adopt_users"]
