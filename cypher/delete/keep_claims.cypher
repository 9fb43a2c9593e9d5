// Store the claims of an erasure's certificate and the log entry that commits to them; without names.
// in:  $id STRING, $claims STRING, $logged INTEGER
// out: id STRING
MATCH (d:Deletion {id: $id})
SET d.claims = $claims, d.logged = $logged
RETURN d.id AS id
