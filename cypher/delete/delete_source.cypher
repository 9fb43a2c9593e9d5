// Delete a source without evidence, its tracks and its ledger.
// in:  $name STRING
// out:
MATCH (s:Source {name: $name})
OPTIONAL MATCH (s)-[:HAS_TRACK]->(t:Track)
DETACH DELETE t
WITH DISTINCT s
DETACH DELETE s
WITH count(*) AS sources
MATCH (b:Batch {source: $name})
DELETE b
