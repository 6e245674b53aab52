"""The interactions service: owns communication records and publishes their changes."""
