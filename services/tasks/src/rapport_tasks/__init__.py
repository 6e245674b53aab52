"""The tasks service: owns tasks, makes follow-up tasks of communications, and publishes their changes."""
