"""Industry packs: fields, tags and tiers that a line of business starts with."""
