// Every journal of a removal, with all it says.
// in:
// out: journal MAP
MATCH (d:Deletion)
RETURN d {.*} AS journal
ORDER BY d.number
