"""Settings of the automation service: ``RAPPORT_AUTOMATION_…``."""

from ipaddress import IPv4Network, IPv6Network, ip_network

from pydantic import field_validator

from rapport_shared.settings import settings_for


class Settings(settings_for("automation")):  # type: ignore[misc]
    """Where it listens, and which addresses webhooks may go to besides public ones over HTTPS.

    ``allowed_networks``: networks in CIDR form, separated by commas, such as ``10.1.0.0/16``; their hosts may be called
    although they are not public, and over plain HTTP.
    ``broker_api_url``: RabbitMQ's management API, ``http://user:password@host:15672/vhost``, as a user with the tag
    ``administrator``; where it is empty, a revoked API key does not take its integrator's access to the broker away.
    """

    port: int = 4005
    worker_port: int = 4105
    allowed_networks: str = ""
    broker_api_url: str = ""

    @field_validator("allowed_networks")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        networks_of(value)
        return value

    @property
    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The allowed networks."""
        return networks_of(self.allowed_networks)


def networks_of(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks of a list separated by commas; raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
