"""What customers have agreed to, purpose by purpose."""
