// The visits of a source.
// in:  $source STRING
// out: source STRING, context INTEGER, n INTEGER, mass INTEGER
MATCH (s:Source {name: $source})-[v:VISITED]->(c)
RETURN s.name AS source, id(c) AS context, v.n AS n, v.mass AS mass
