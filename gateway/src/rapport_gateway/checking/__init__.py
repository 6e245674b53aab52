"""Whether a proposed schema may take the place of the one that clients use."""
