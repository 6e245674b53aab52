"""The assignment rules and whose turn it is, in MongoDB."""

from dataclasses import asdict
from typing import Final

from rapport_customers.assignment.model import ASSIGNMENT_ID, AssignmentRule, AssignmentRules
from rapport_shared.mongo import Document
from rapport_shared.persistence import AggregateRepository

COLLECTION: Final = "assignment_rules"
TURNS: Final = "assignment_turns"


class AssignmentRepository(AggregateRepository[AssignmentRules]):
    """One document of rules, and one document a rule with whom it gave a customer last."""

    collection = COLLECTION
    noun = "assignment"

    async def current(self) -> AssignmentRules:
        """The rules as they are now; none where none were ever set."""
        found = await self._documents.find_one({"_id": ASSIGNMENT_ID}, session=self._session)
        return AssignmentRules(id=ASSIGNMENT_ID) if found is None else self.from_document(found)

    async def last(self, rule_key: str) -> str | None:
        """Who came last by a rule; whoever asks at the same time collides with this transaction, and asks again."""
        turns = self._database[TURNS]
        await turns.update_one({"_id": rule_key}, {"$inc": {"asked": 1}}, upsert=True, session=self._session)
        found = await turns.find_one({"_id": rule_key}, session=self._session)
        return (found or {}).get("last")

    async def came(self, rule_key: str, user_id: str) -> None:
        """Somebody has had their turn."""
        change = {"$set": {"last": user_id}}
        await self._database[TURNS].update_one({"_id": rule_key}, change, session=self._session)

    def to_document(self, aggregate: AssignmentRules) -> Document:
        """The fields as they are."""
        rules = [{**asdict(rule), "roles": list(rule.roles)} for rule in aggregate.rules]
        return {"rules": rules, "updated_at": aggregate.updated_at}

    def from_document(self, document: Document) -> AssignmentRules:
        """Read what ``to_document`` wrote."""
        return AssignmentRules(
            id=document["_id"],
            version=document["version"],
            rules=tuple(AssignmentRule(**{**rule, "roles": tuple(rule["roles"])}) for rule in document["rules"]),
            updated_at=document["updated_at"],
        )
