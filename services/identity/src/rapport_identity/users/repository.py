"""Users in MongoDB."""

from rapport_identity.users.errors import EmailTaken, ExternalIdTaken
from rapport_identity.users.model import User
from rapport_identity.users.values import email_key
from rapport_shared.actor import Actor
from rapport_shared.mongo import Document, DuplicateKey, Index
from rapport_shared.persistence import AggregateRepository

COLLECTION = "users"
INDEXES = (
    Index(COLLECTION, (("email_key", 1),), unique=True),
    Index(COLLECTION, (("external_id", 1),), unique=True, only={"external_id": {"$type": "string"}}),
    Index(COLLECTION, (("subject", 1),), unique=True, only={"subject": {"$type": "string"}}),
    Index(COLLECTION, (("team_id", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("role", 1), ("active", 1))),
    Index(COLLECTION, (("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("name", 1), ("_id", 1))),
    Index(COLLECTION, (("email", 1), ("_id", 1))),
)


class UserRepository(AggregateRepository[User]):
    """One document a user; ``email_key`` is what makes a mail address unique."""

    collection = COLLECTION
    noun = "user"

    async def find_by_email(self, email: str) -> User | None:
        """Whoever has this mail address, in whatever case; rights are the caller's business."""
        found = await self._documents.find_one({"email_key": email_key(email)}, session=self._session)
        return None if found is None else self.from_document(found)

    async def find_by_subject(self, subject: str) -> User | None:
        """Whoever is this at the provider of sign-ins; rights are the caller's business."""
        found = await self._documents.find_one({"subject": subject}, session=self._session)
        return None if found is None else self.from_document(found)

    async def save(self, aggregate: User, *, by: Actor) -> None:
        """Store; raises EmailTaken or ExternalIdTaken where another user has the same."""
        try:
            await super().save(aggregate, by=by)
        except DuplicateKey as duplicate:
            taken = (duplicate.details or {}).get("keyPattern", {})
            if "email_key" in taken:
                raise EmailTaken("Another user has this mail address.", path=("input", "email")) from None
            if "external_id" in taken:
                raise ExternalIdTaken("Another user has this external id.", path=("input", "externalId")) from None
            raise

    def to_document(self, aggregate: User) -> Document:
        """The fields as they are."""
        return {
            "email": aggregate.email,
            "email_key": email_key(aggregate.email),
            "name": aggregate.name,
            "role": aggregate.role,
            "title": aggregate.title,
            "team_id": aggregate.team_id,
            "active": aggregate.active,
            "external_id": aggregate.external_id,
            "manager_id": aggregate.manager_id,
            "password_hash": aggregate.password_hash,
            "invited_at": aggregate.invited_at,
            "subject": aggregate.subject,
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
        }

    def from_document(self, document: Document) -> User:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name not in {"_id", "email_key"}}
        return User(id=document["_id"], **fields)
