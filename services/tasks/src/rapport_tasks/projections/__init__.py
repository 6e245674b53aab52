"""What this service keeps of others' data, fed by the bus."""
