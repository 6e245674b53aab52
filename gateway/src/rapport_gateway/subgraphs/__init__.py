"""How subgraphs are reached: over HTTP for answers, over WebSocket for event streams."""
