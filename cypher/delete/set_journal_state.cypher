// Set the state of a removal.
// in:  $id STRING, $state STRING
// out: id STRING
MATCH (d:Deletion {id: $id})
SET d.state = $state
RETURN d.id AS id
