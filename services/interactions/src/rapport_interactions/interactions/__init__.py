"""Communication records: what was said with a customer, when, through which channel, and what comes next."""
