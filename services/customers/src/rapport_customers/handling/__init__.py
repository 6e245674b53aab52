"""How the company handles its customers: one record of settings, which people change while the system runs."""
