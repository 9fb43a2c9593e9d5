// The journal of every removal, with all properties.
// in:
// out: journal MAP
MATCH (d:Deletion)
RETURN d {.*} AS journal
ORDER BY d.number
