"""Two servers of the blob protocol, asked the same and compared."""
