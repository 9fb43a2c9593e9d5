// Whether any composition has coordinates.
// in:
// out: name STRING
MATCH (p:Placement)
RETURN p.name AS name
