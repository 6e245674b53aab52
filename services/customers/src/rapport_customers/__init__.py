"""The customers service: owns customers and publishes their changes."""
