"""Tasks and follow-ups."""
