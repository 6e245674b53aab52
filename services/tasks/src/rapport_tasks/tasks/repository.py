"""Tasks in MongoDB."""

from types import MappingProxyType

from rapport_shared.mongo import Document, Index
from rapport_shared.persistence import APART, ERASED_TEXT, HOME, HUNG_ON, ErasableRepository
from rapport_tasks.tasks.model import Task, TaskOrigin, TaskPriority, TaskStatus

COLLECTION = "tasks"
INDEXES = (
    Index(COLLECTION, (("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("updated_at", -1), ("_id", -1))),
    Index(COLLECTION, (("due_at", 1), ("_id", 1))),
    Index(COLLECTION, (("priority_rank", 1), ("_id", 1))),
    Index(COLLECTION, (("assignee_id", 1), ("status", 1), ("due_at", 1), ("_id", 1))),
    Index(COLLECTION, (("customer_id", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("created_by_id", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("customer_owner_id", 1), ("created_at", -1), ("_id", -1))),
    # One follow-up a communication.
    Index(COLLECTION, (("interaction_id", 1),), unique=True, only={"interaction_id": {"$type": "string"}}),
    Index(COLLECTION, ((HOME, 1),), only={HOME: {"$exists": True}}),
    Index(COLLECTION, ((HUNG_ON, 1),), only={HUNG_ON: {"$exists": True}}),
)


class TaskRepository(ErasableRepository[Task]):
    """One document a task; ``priority_rank`` mirrors ``priority`` for sorting."""

    collection = COLLECTION
    noun = "task"
    personal = MappingProxyType({"title": ERASED_TEXT, "description": None, "result": None})

    async def find_follow_up(self, interaction_id: str) -> Task | None:
        """The task that a communication has asked for."""
        found = await self._documents.find_one({"interaction_id": interaction_id}, session=self._session)
        return None if found is None else self.from_document(found)

    async def hand_over(self, customer_id: str, owner_id: str | None) -> bool:
        """Whoever looks after a customer reaches its tasks: a copy for rights, no change of the tasks themselves.

        False where there are none.
        """
        stale = {"customer_id": customer_id, "customer_owner_id": {"$ne": owner_id}}
        change = {"$set": {"customer_owner_id": owner_id}}
        result = await self._documents.update_many(stale, change, session=self._session)
        return bool(result.modified_count)

    def to_document(self, aggregate: Task) -> Document:
        """The fields as they are, enums by value."""
        return {
            "title": aggregate.title,
            "description": aggregate.description,
            "assignee_id": aggregate.assignee_id,
            "due_at": aggregate.due_at,
            "priority": aggregate.priority.value,
            "priority_rank": aggregate.priority.rank,
            "customer_id": aggregate.customer_id,
            "customer_owner_id": aggregate.customer_owner_id,
            "status": aggregate.status.value,
            "result": aggregate.result,
            "origin": aggregate.origin.value,
            "created_by_id": aggregate.created_by_id,
            "interaction_id": aggregate.interaction_id,
            "completed_at": aggregate.completed_at,
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
        }

    def from_document(self, document: Document) -> Task:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name not in {*APART, "priority_rank"}}
        fields["priority"] = TaskPriority(fields["priority"])
        fields["status"] = TaskStatus(fields["status"])
        fields["origin"] = TaskOrigin(fields["origin"])
        return Task(id=document["_id"], **fields)
