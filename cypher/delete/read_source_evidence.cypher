// One source's evidence of one type with a mean weight within bounds, in micro-units.
// in:  $source STRING, $least INTEGER, $most INTEGER
// out: edge INTEGER, start INTEGER, end INTEGER, source STRING, its columns
MATCH ()-[e:EVIDENCE_TYPE {source: $source}]->()
WHERE $least * e.n <= e.weight AND e.weight <= $most * e.n
RETURN id(e) AS edge, id(startNode(e)) AS start, id(endNode(e)) AS end, e.source AS source,
       READ_COLUMNS
