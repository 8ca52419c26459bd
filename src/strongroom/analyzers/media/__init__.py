"""Recordings: sound and video."""
