// What a source says of one relation of symbols: pairs, how often, and where.
// in:  $source STRING
// out: start STRING, end STRING, times INTEGER, line INTEGER
MATCH (a:Symbol)-[e:EVIDENCE_TYPE {source: $source}]->(b:Symbol)
RETURN a.text AS start, b.text AS end, e.n AS times, coalesce(e.line, 0) AS line
ORDER BY start, end
