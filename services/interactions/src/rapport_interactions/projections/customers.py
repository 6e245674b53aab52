"""Customers, as far as this service needs them: whom one may record interactions with, and whose they are."""

from dataclasses import dataclass

from rapport_shared.contracts.customers import CustomerState
from rapport_shared.mongo import Database, Document, Session
from rapport_shared.persistence.families import family_index
from rapport_shared.persistence.known_customers import CustomerProjection

COLLECTION = "customers"
INDEXES = (family_index(COLLECTION),)


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """A customer that is not deleted; ``owner_id`` decides who reaches it."""

    id: str
    owner_id: str | None
    erased: bool = False


class KnownCustomers(CustomerProjection):
    """The known customers: ``{_id, version, kind, stage, owner_id, deleted}``."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        super().__init__(database, COLLECTION, session)

    async def present(self, identifier: str) -> KnownCustomer | None:
        """The customer, unless it is deleted or not known yet."""
        found = await self.find(identifier)
        return (
            None
            if found is None or found["deleted"]
            else KnownCustomer(identifier, found["owner_id"], found.get("erased", False))
        )

    async def hold(self, identifier: str) -> None:
        """Keep the customer as it is until the transaction ends.

        Writing to it makes a transaction that changes it meanwhile collide with this one, so that one of the two
        runs again: otherwise an interaction could be stored with the owner that its customer had a moment ago.
        """
        await self._documents.update_one({"_id": identifier}, {"$inc": {"holds": 1}}, session=self._session)

    @staticmethod
    def kept(state: CustomerState) -> Document:
        """See the class."""
        return {
            "kind": state.kind,
            "stage": state.stage,
            "owner_id": state.owner_id,
            "deleted": state.deleted,
            "erased": state.erased,
        }
