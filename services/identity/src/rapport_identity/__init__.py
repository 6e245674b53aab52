"""The identity service: owns staff users, their sessions and the keys that sign access tokens."""
