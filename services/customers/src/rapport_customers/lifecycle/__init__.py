"""The lifecycle of customers: how they came from stage to stage, how long they stayed, and what marked their way."""
