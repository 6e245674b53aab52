"""What the gateway knows of the supergraph: composed from subgraphs, or read from a supergraph SDL. No I/O."""
