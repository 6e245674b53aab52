"""The use cases of saved views."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rapport_customers.views.errors import InvalidSharing, TooManyViews
from rapport_customers.views.model import SavedView
from rapport_customers.views.repository import SavedViewRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import Forbidden, NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import Policy, Reach, Verb

TYPE: Final = "SavedView"
ID_PREFIX: Final = "viw"
MAX_VIEWS: Final = 100


class SavedViewService:
    """A view is its owner's to change; to share with roles and other teams is for who reaches everybody's views."""

    def __init__(
        self, transactions: Transactions[CustomersWork], views: SavedViewRepository, policy: Policy, clock: Clock
    ) -> None:
        self.transactions = transactions
        self._views = views
        self._policy = policy
        self._clock = clock

    async def readable(self, *, by: Actor) -> Sequence[SavedView]:
        """One's own views, and those that are shared with one. Raises Forbidden."""
        if self._policy.reach(by, Verb.READ, TYPE) is Reach.NONE:
            raise Forbidden("Your role may not read saved views.")
        return await self._views.of(by)

    @transactional
    async def create(
        self, work: CustomersWork, details: Mapping[str, Any], *, idempotency_key: str | None, by: Actor
    ) -> SavedView:
        """A new view of the caller's. Raises InvalidView, InvalidSharing, TooManyViews."""
        if self._policy.reach(by, Verb.CREATE, TYPE) is Reach.NONE:
            raise NotAllowed("Your role may not save views.", path=("input",))
        self._require_sharing(details, by)
        view = SavedView.create(new_id(ID_PREFIX), by.id, details, now=self._clock())
        earlier = await work.idempotency.claim(
            idempotency_key, operation="createSavedView", by=by, body=details, result_id=view.id
        )
        if earlier is not None:
            return await self._load(work, earlier, Verb.UPDATE, by)
        if await work.views.owned(by.id) >= MAX_VIEWS:
            raise TooManyViews(f"A user has at most {MAX_VIEWS} views.", path=("input",))
        await work.views.save(view, by=by)
        return view

    @transactional
    async def update(
        self,
        work: CustomersWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> SavedView:
        """Change what is named."""
        view = await self._load(work, identifier, Verb.UPDATE, by)
        view.expect_version(expected_version)
        self._require_sharing(changes, by)
        view.update(changes, now=self._clock())
        await work.views.save(view, by=by)
        return view

    @transactional
    async def delete(
        self, work: CustomersWork, identifier: str, *, expected_version: int | None, by: Actor
    ) -> SavedView:
        """Take a view away."""
        view = await self._load(work, identifier, Verb.DELETE, by)
        view.expect_version(expected_version)
        view.delete(now=self._clock())
        await work.views.save(view, by=by)
        return view

    async def _load(self, work: CustomersWork, identifier: str, verb: Verb, by: Actor) -> SavedView:
        readable, changeable = self._policy.scope(by, Verb.READ, TYPE), self._policy.scope(by, verb, TYPE)
        view = await work.views.get(identifier, readable=readable, changeable=changeable)
        if view.deleted_at is not None:
            raise NotAllowed("This view is gone.", path=("input", "id"))
        return view

    def _require_sharing(self, details: Mapping[str, Any], by: Actor) -> None:
        if self._policy.reach(by, Verb.CREATE, TYPE) is Reach.ALL:
            return
        if details.get("shared_roles"):
            raise InvalidSharing("Your role does not share views with roles.", path=("input", "sharedRoles"))
        if set(details.get("shared_team_ids") or ()) - {by.team_id}:
            raise InvalidSharing("Share views with your own team.", path=("input", "sharedTeamIds"))
