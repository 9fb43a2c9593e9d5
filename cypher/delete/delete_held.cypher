// Delete some of a source's places.
// in:  $source STRING, $rows INTEGER
// out: deleted INTEGER
MATCH (:Source {name: $source})-[h:HOLDS]->()
WITH h LIMIT $rows
DELETE h
RETURN count(*) AS deleted
