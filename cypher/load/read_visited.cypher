// A source's visits, and whether each context has its edge to the shorter one.
// in:  $source STRING
// out: context INTEGER, n INTEGER, mass INTEGER, joined BOOLEAN
MATCH (s:Source {name: $source})-[v:VISITED]->(c)
RETURN id(c) AS context, v.n AS n, v.mass AS mass, EXISTS { (c)-[:BACKS_OFF_TO]->() } AS joined
