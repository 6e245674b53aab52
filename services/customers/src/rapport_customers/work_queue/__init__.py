"""The work queue: the customers that somebody must deal with now, and why."""
