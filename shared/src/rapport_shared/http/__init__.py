"""The HTTP side of a service process: its shell, its health, who calls, and the GraphQL endpoint."""
