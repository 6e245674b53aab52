"""What a transaction of this service gives to its use cases."""

from rapport_identity.api_keys.repository import ApiKeyRepository
from rapport_identity.credentials.repository import SetupTokenRepository
from rapport_identity.locks import Locks
from rapport_identity.providers.repository import UsedIdTokens
from rapport_identity.roles.repository import RoleRepository
from rapport_identity.sessions.repository import SessionRepository
from rapport_identity.teams.repository import TeamRepository
from rapport_identity.users.repository import UserRepository
from rapport_shared.clock import Clock
from rapport_shared.mongo import Database, Session
from rapport_shared.persistence import Work

SERVICE = "identity"


class IdentityWork(Work):
    """The service's repositories in one transaction."""

    def __init__(self, database: Database, session: Session, *, clock: Clock) -> None:
        super().__init__(database, session, service=SERVICE, clock=clock)
        self.locks = Locks(database, session)
        self.roles = RoleRepository(database, session, self.outbox)
        self.teams = TeamRepository(database, session, self.outbox)
        self.users = UserRepository(database, session, self.outbox)
        self.sessions = SessionRepository(database, session, self.outbox)
        self.setup_tokens = SetupTokenRepository(database, session)
        self.api_keys = ApiKeyRepository(database, session, self.outbox)
        self.used_id_tokens = UsedIdTokens(database, session)
