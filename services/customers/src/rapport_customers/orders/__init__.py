"""Orders: what a customer bought."""
