"""What every test directory knows: the fixtures for backing services and the whole system, how examples are chosen."""

from hypothesis import settings

pytest_plugins = ["rapport_local.testing"]

# The same examples in every run, so that no commit is refused for what another one has done, and no limit of time.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("others", deadline=None)
settings.load_profile("same")
