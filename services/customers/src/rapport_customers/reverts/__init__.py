"""Undoing one change of a customer's history, unless that would undo what came later."""
