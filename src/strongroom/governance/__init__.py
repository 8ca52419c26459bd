"""The use policy, the capabilities that no policy can permit, and the ledger of acts."""
