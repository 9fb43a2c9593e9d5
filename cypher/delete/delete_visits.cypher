// Delete some of a source's visits.
// in:  $source STRING, $rows INTEGER
// out: deleted INTEGER
MATCH (:Source {name: $source})-[v:VISITED]->()
WITH v LIMIT $rows
DELETE v
RETURN count(*) AS deleted
