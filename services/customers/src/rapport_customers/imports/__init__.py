"""Taking customers from a table, batch by batch, so that it can go on after anything and be undone."""
