// The rated edges at some compositions, with their sources and the classes of their ends.
// in:  $ids LIST<INTEGER>
// out: edge INTEGER, start INTEGER, end INTEGER, seen LIST<INTEGER>, low STRING, high STRING
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (c)-[r:RATED_TYPE]-()
RETURN id(r) AS edge, id(startNode(r)) AS start, id(endNode(r)) AS end, r.seen AS seen,
       startNode(r).known AS low, endNode(r).known AS high
