// Every visit of a source to a context, sorted.
// in:
// out: visit MAP
MATCH (s:Source)-[v:VISITED]->(c:Composition)
RETURN {source: s.name, context: c.key, n: v.n, mass: v.mass} AS visit
ORDER BY visit.source, visit.context
