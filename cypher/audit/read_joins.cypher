// The edges between some compositions and shorter and longer contexts, in columns, by type.
// in:  $ids LIST<INTEGER>
// out: type STRING, starts LIST<INTEGER>, ends LIST<INTEGER>, shapes LIST OF [text, kind, text, kind, token]
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[r:BACKS_OFF_TO|EXTENDS_TO]->(b)
RETURN type(r) AS type, collect(id) AS starts, collect(id(b)) AS ends,
       collect([a.text, a.kind, b.text, b.kind, r.token]) AS shapes
