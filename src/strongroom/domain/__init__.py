"""Frozen values: the words of Strongroom, without services."""
