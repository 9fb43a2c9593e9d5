// The edges between some compositions and shorter and longer contexts; an edge between two of them is returned twice.
// in:  $ids LIST<INTEGER>
// out: edge INTEGER, type STRING, start INTEGER, end INTEGER, token STRING
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (c)-[r:BACKS_OFF_TO|EXTENDS_TO]-()
RETURN id(r) AS edge, type(r) AS type, id(startNode(r)) AS start, id(endNode(r)) AS end,
       r.token AS token
