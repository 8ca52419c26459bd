"""WebDAV (RFC 4918): containers as folders of a share, which file managers and office programs open in place."""
