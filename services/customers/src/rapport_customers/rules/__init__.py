"""Rules: typed conditions on what is known of a customer, for tags, tiers and segments."""
