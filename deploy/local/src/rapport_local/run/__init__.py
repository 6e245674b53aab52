"""`make run`: the whole system on this machine, until it is told to stop."""
