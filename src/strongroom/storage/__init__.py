"""Bytes, tables and the catalog: every path, table name and SQL text is built here."""
