// Delete the placement node.
// in:
// out: deleted INTEGER
MATCH (p:Placement)
DELETE p
RETURN count(*) AS deleted
