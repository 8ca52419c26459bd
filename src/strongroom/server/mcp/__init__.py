"""MCP (Model Context Protocol): a room as tools of an assistant, over stdio and over HTTP."""
