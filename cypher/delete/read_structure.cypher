// What joins some compositions to shorter and longer contexts; a join of two of them comes twice.
// in:  $ids LIST<INTEGER>
// out: edge INTEGER, type STRING, start INTEGER, end INTEGER, token STRING
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (c)-[r:BACKS_OFF_TO|EXTENDS_TO]-()
RETURN id(r) AS edge, type(r) AS type, id(startNode(r)) AS start, id(endNode(r)) AS end,
       r.token AS token
