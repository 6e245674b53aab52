"""What this service does on others' events: one visible table."""

from rapport_customers.work import CustomersWork
from rapport_shared.access import ACCESS_HANDLERS
from rapport_shared.delivery import Handlers

HANDLERS: Handlers[CustomersWork] = {**ACCESS_HANDLERS}
