"""The operations: each a short function from a call to a reply, over the vault."""
