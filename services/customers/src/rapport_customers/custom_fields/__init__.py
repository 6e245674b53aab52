"""Fields that a company adds to its records while the system runs: what they are called, hold and allow."""
