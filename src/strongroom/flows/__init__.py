"""Verbs that cross the parts: each is one function over vault, index, engine, governance and analyzers."""
