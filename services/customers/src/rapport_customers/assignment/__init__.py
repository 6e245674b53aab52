"""Assignment: who looks after a new customer for whom nobody was named."""
