"""Other systems that consume events at the broker."""
