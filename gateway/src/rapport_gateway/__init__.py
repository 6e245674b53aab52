"""GraphQL gateway for Apollo Federation 2 supergraphs."""
