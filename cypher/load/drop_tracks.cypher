// Delete the tracks of a source that are not among some evidence types.
// in:  $name STRING, $kept LIST<STRING>
// out: dropped INTEGER
MATCH (:Source {name: $name})-[:HAS_TRACK]->(t:Track)
WHERE NOT t.evidence IN $kept
DETACH DELETE t
RETURN count(*) AS dropped
