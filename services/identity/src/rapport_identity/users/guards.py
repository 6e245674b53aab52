"""What a change of users must respect beyond the one record: roles, teams, managers, and that somebody administers."""

from typing import Final

from rapport_identity import locks
from rapport_identity.roles.errors import RoleNotFound
from rapport_identity.teams.errors import TeamNotFound
from rapport_identity.users.errors import LastAdministrator, ManagerCycle, ManagerNotFound
from rapport_identity.users.model import ADMIN, User
from rapport_identity.work import IdentityWork
from rapport_shared.actor import Actor, Via
from rapport_shared.contracts.roles import DEFAULT_ROLES
from rapport_shared.errors import NotAllowed
from rapport_shared.rights import EVERYTHING, Scope

MAX_MANAGERS: Final = 50


async def require_assignable(work: IdentityWork, role: str, *, by: Actor) -> None:
    """There is such a role, and it may do nothing that ``by`` may not. Raises RoleNotFound, NotAllowed."""
    if role not in DEFAULT_ROLES:  # which are never deleted
        await work.locks.take(locks.of_role(role))
    rights = await work.roles.rights(role)
    if rights is None:
        raise RoleNotFound("There is no role of this name.", path=("input", "role"))
    if not await work.roles.has_power_over(by, rights):
        raise NotAllowed("This role may do more than yours.", path=("input", "role"))


def require_person(by: Actor) -> None:
    """An API key acts for its owner, but has no say in the owner's sessions and password. Raises NotAllowed."""
    if by.via is Via.KEY:
        raise NotAllowed("An API key may not do this.", path=("input",))


async def require_power_over(work: IdentityWork, user: User, *, by: Actor) -> None:
    """Nobody changes a user who may do more: it would be a way to their rights. Raises NotAllowed."""
    is_own = user.id == by.id and by.via is not Via.KEY
    if not is_own and not await work.roles.has_power_over(by, await work.roles.rights(user.role)):
        raise NotAllowed("The role of this user may do more than yours.", path=("input", "id"))


async def require_team(work: IdentityWork, team_id: str | None) -> None:
    """Raises TeamNotFound."""
    if team_id is None:
        return
    await work.locks.take(locks.of_team(team_id))
    if not await work.teams.there_is(team_id):
        raise TeamNotFound("No team has this id.", path=("input", "teamId"))


async def require_manager(work: IdentityWork, user: User, visible: Scope) -> None:
    """Raises ManagerNotFound, and ManagerCycle where somebody would report to themselves in the end."""
    if user.manager_id is None:
        return
    manager = await work.users.find(user.manager_id, visible)
    if manager is None:
        raise ManagerNotFound("No user has this id.", path=("input", "managerId"))
    for _ in range(MAX_MANAGERS):
        if manager is None:
            return
        if manager.id == user.id:
            break
        manager = None if manager.manager_id is None else await work.users.find(manager.manager_id, EVERYTHING)
    raise ManagerCycle("This manager reports to the user, directly or through others.", path=("input", "managerId"))


async def require_another_administrator(work: IdentityWork, user: User) -> None:
    """Called where ``user`` ceases to be an administrator at work. Raises LastAdministrator."""
    await work.locks.take(locks.ADMINISTRATORS)
    if not await work.users.count({"role": ADMIN, "active": True, "_id": {"$ne": user.id}}):
        message = "This is the last active administrator: make another one first."
        raise LastAdministrator(message, path=("input", "id"))
