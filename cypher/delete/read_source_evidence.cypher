// One source's evidence of one type with a mean weight within bounds, in micro-units.
// in:  $source STRING, $least INTEGER, $most INTEGER
// out: edge INTEGER, start INTEGER, end INTEGER, source STRING, n INTEGER, weight INTEGER, directed INTEGER, rank INTEGER, support INTEGER, positions LIST<INTEGER>
MATCH ()-[e:EVIDENCE_TYPE {source: $source}]->()
WHERE $least * e.n <= e.weight AND e.weight <= $most * e.n
RETURN id(e) AS edge, id(startNode(e)) AS start, id(endNode(e)) AS end, e.source AS source,
       e.n AS n, e.weight AS weight, e.directed AS directed, e.rank AS rank, e.support AS support,
       e.positions AS positions
