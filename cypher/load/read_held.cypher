// Every place at which a source has a composition, sorted.
// in:
// out: held MAP
MATCH (s:Source)-[h:HOLDS]->(c:Composition)
RETURN {source: s.name, composition: c.key, place: h.place} AS held
ORDER BY held.source, held.composition, held.place
