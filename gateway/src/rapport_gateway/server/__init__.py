"""The gateway on a socket: GraphQL over HTTP and WebSocket, health and metrics."""
