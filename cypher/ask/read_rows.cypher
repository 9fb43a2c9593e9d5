// The words related to some compositions, one row per composition, as columns.
// in:  $keys LIST<STRING>
// out: key STRING, known STRING, others LIST<INTEGER>, decades LIST<INTEGER>, elos LIST<FLOAT>
UNWIND $keys AS key
MATCH (c:Composition {key: key})
OPTIONAL MATCH (c)-[r:DEFAULT_RELATION]-(d)
RETURN key, c.known AS known, collect(id(d)) AS others, collect(r.decades) AS decades,
       collect(r.elo) AS elos
