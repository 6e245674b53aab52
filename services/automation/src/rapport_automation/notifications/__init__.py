"""Notifications: what each user is told, and whether they have read it."""
