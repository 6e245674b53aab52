"""Rapport's own processes: what they are, and how they are started, watched and ended together."""
