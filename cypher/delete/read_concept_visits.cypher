// The visits of sources to some compositions.
// in:  $ids LIST<INTEGER>
// out: source STRING, context INTEGER, n INTEGER, mass INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (s:Source)-[v:VISITED]->(c)
RETURN s.name AS source, id(c) AS context, v.n AS n, v.mass AS mass
