"""Staff users: who works here and may sign in."""
