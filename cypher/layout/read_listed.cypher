// One source's neighbours of some compositions, as columns; one row per composition.
// in:  $ids LIST<INTEGER>, $source STRING
// out: id INTEGER, others LIST<INTEGER>, weights LIST<INTEGER>
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (c)-[e:EVIDENCE_TYPES {source: $source}]-(d)
RETURN id(c) AS id, collect(id(d)) AS others, collect(e.weight) AS weights
