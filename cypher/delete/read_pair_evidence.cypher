// Evidence of one type between two compositions, in both directions or from the first to the second.
// in:  $pair LIST<INTEGER>, $one_way BOOLEAN
// out: edge INTEGER, start INTEGER, end INTEGER, source STRING, its columns
MATCH (a:Composition) WHERE id(a) = $pair[0]
MATCH (a)-[e:EVIDENCE_TYPE]-(b) WHERE id(b) = $pair[1] AND (NOT $one_way OR startNode(e) = a)
RETURN id(e) AS edge, id(startNode(e)) AS start, id(endNode(e)) AS end, e.source AS source,
       READ_COLUMNS
