// Evidence of one type at some compositions, in both directions; an edge between two of them is returned twice.
// in:  $ids LIST<INTEGER>
// out: edge INTEGER, start INTEGER, end INTEGER, source STRING, its columns
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (c)-[e:EVIDENCE_TYPE]-()
RETURN id(e) AS edge, id(startNode(e)) AS start, id(endNode(e)) AS end, e.source AS source,
       READ_COLUMNS
