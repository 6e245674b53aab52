"""Rules about several records: whoever decides by one takes its lock, and rivals are decided one after another."""

from rapport_shared.mongo import Database, Session

COLLECTION = "locks"

ADMINISTRATORS = "administrators"
TEAM_TREE = "team-tree"


class Locks:
    """Named locks of one transaction, held until it ends.

    A snapshot does not show what a rival has not committed yet. Two transactions that write one lock collide, and the
    later one runs again from its start, with the earlier one's effect before its eyes.
    """

    def __init__(self, database: Database, session: Session) -> None:
        self._documents = database[COLLECTION]
        self._session = session

    async def take(self, *names: str) -> None:
        """Hold all of these."""
        for name in sorted(set(names)):
            change = {"$inc": {"taken": 1}}
            await self._documents.update_one({"_id": name}, change, upsert=True, session=self._session)


def of_team(team_id: str) -> str:
    """Who joins the team, or makes one below it, and who deletes it."""
    return f"team:{team_id}"


def of_role(name: str) -> str:
    """Who gives the role to somebody, and who deletes it."""
    return f"role:{name}"
