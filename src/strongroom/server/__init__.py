"""The servers: requests to verbs of the room, values to bytes on the wire."""
