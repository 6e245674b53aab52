"""GraphQL building blocks of the subgraphs."""
