// Delete a suppression.
// in:  $id STRING
// out: deleted INTEGER
MATCH (s:Suppression {id: $id})
DELETE s
RETURN count(*) AS deleted
