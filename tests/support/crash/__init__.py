"""A server that is killed, and writers that know what it acknowledged."""
