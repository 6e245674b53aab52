"""Who a client is, as a token signed by a known issuer says."""
