"""The door of the page and the HTTP API: who asks, what they may send, and what every answer carries."""
