"""Who asks: keys, shared access signatures, tokens, and anybody where a container says so."""
