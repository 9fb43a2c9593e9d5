// The number of each source's edges between some pairs, of the types that feed one rated type.
// in:  $pairs LIST OF [id of the start, id of the end]
// out: start INTEGER, end INTEGER, source STRING, rows INTEGER
UNWIND $pairs AS pair
MATCH (a:Composition) WHERE id(a) = pair[0]
MATCH (b:Composition) WHERE id(b) = pair[1]
MATCH (a)-[e:EVIDENCE_TYPES]->(b)
RETURN pair[0] AS start, pair[1] AS end, e.source AS source, count(e) AS rows
