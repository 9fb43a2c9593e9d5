// Keep what an erasure's certificate says, and which entry of the log commits to it; no name stands in it.
// in:  $id STRING, $claims STRING, $logged INTEGER
// out: id STRING
MATCH (d:Deletion {id: $id})
SET d.claims = $claims, d.logged = $logged
RETURN d.id AS id
