// Delete the note that there are places.
// in:
// out: deleted INTEGER
MATCH (p:Placement)
DELETE p
RETURN count(*) AS deleted
