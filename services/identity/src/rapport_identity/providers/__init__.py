"""Signing in by an external OpenID Connect provider, where one is configured."""
