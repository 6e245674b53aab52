"""Makes the fixtures for backing services and the whole system known to every test directory."""

pytest_plugins = ["rapport_local.testing"]
