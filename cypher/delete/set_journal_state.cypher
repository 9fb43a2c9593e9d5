// Say how far a removal is.
// in:  $id STRING, $state STRING
// out: id STRING
MATCH (d:Deletion {id: $id})
SET d.state = $state
RETURN d.id AS id
