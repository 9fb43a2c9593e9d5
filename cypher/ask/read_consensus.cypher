// The ratings of some pairs of compositions.
// in:  $pairs LIST OF [id, id]
// out: i INTEGER, start STRING, end STRING, start_key STRING, end_key STRING, consensus INTEGER
UNWIND range(0, size($pairs) - 1) AS i
MATCH (c:Composition) WHERE id(c) = $pairs[i][0]
MATCH (d:Composition) WHERE id(d) = $pairs[i][1]
MATCH (c)-[r:DEFAULT_RELATION]-(d)
RETURN i, c.text AS start, d.text AS end, c.key AS start_key, d.key AS end_key, r.consensus AS consensus
ORDER BY i
