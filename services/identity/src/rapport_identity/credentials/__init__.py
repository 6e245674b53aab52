"""Credentials: passwords, and the tokens with which users set their own."""
