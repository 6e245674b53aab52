"""A subject request: what was asked, and which services have done their part."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.subjects import SubjectErasureRequested, SubjectExportRequested, SubjectProgressed

OWN_SERVICE: Final = "customers"
SERVICES: Final = (OWN_SERVICE, "interactions", "tasks")
"""Those that keep anything of customers."""


class SubjectRequestKind(StrEnum):
    """What is asked for."""

    EXPORT = "EXPORT"
    ERASURE = "ERASURE"


@dataclass(frozen=True, slots=True)
class ServicePart:
    """A service's part: ``records`` is how many it covers, None as long as it has not answered."""

    service: str
    records: int | None = None
    completed_at: datetime | None = None


@dataclass(kw_only=True)
class SubjectRequest(Aggregate):
    """Complete once every part is."""

    kind: SubjectRequestKind
    customer_id: str
    requested_by: str
    requested_at: datetime
    parts: tuple[ServicePart, ...]
    updated_at: datetime

    @classmethod
    def create(
        cls, identifier: str, kind: SubjectRequestKind, customer_id: str, *, by: str, now: datetime
    ) -> "SubjectRequest":
        """A new request to every service."""
        request = cls(
            id=identifier,
            kind=kind,
            customer_id=customer_id,
            requested_by=by,
            requested_at=now,
            parts=tuple(ServicePart(service) for service in SERVICES),
            updated_at=now,
        )
        asked = SubjectExportRequested if kind is SubjectRequestKind.EXPORT else SubjectErasureRequested
        request.record(asked(request_id=identifier, customer_id=customer_id))
        return request

    @property
    def completed_at(self) -> datetime | None:
        """When the last part was done; None as long as one is missing."""
        times = [part.completed_at for part in self.parts]
        done = [at for at in times if at is not None]
        return max(done) if len(done) == len(times) else None

    def complete(self, service: str, *, records: int, at: datetime) -> None:
        """A service has done its part; nothing happens where that is known."""
        if service in _done(self.parts):
            return
        self.parts = tuple(
            replace(part, records=records, completed_at=at) if part.service == service else part for part in self.parts
        )
        self.updated_at = max(self.updated_at, at)
        self.record(
            SubjectProgressed(
                request_id=self.id,
                customer_id=self.customer_id,
                service=service,
                completed=self.completed_at is not None,
            )
        )


def _done(parts: Sequence[ServicePart]) -> set[str]:
    return {part.service for part in parts if part.completed_at is not None}
