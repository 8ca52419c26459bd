"""How values are spelt on the wire: XML, headers, conditions, ranges, multipart."""
