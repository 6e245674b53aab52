"""The rapport command: import, sample data, administration through the public GraphQL API."""
