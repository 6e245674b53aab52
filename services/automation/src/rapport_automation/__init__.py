"""Other systems: webhooks that tell them what happens."""
