"""What the reliability suite is made of: load, faults, and the check of what is left afterwards."""
