"""What a transaction of this service gives to its use cases."""

from rapport_automation.deliveries.repository import DeliveryRepository
from rapport_automation.notifications.repository import NotificationRepository
from rapport_automation.replays.repository import ReplayRepository
from rapport_automation.webhooks.repository import WebhookRepository
from rapport_shared.access import AccessRecords
from rapport_shared.clock import Clock
from rapport_shared.mongo import Database, Session
from rapport_shared.persistence import Work

SERVICE = "automation"


class AutomationWork(Work):
    """The service's repositories in one transaction."""

    def __init__(self, database: Database, session: Session, *, clock: Clock) -> None:
        super().__init__(database, session, service=SERVICE, clock=clock)
        self.clock = clock
        self.webhooks = WebhookRepository(database, session, self.outbox)
        self.replays = ReplayRepository(database, session, self.outbox)
        self.users = AccessRecords(database, session)
        self.notifications = NotificationRepository(database, session)
        self.deliveries = DeliveryRepository(database, session)
