"""Import of customers and staff from real exports: read, map, compare, send what differs."""
