// Database ids of compositions by key, for keys that exist, in columns.
// in:  $keys LIST<STRING>
// out: places LIST<INTEGER>, ids LIST<INTEGER>
UNWIND range(0, size($keys) - 1) AS i
MATCH (c:Composition {key: $keys[i]})
RETURN collect(i) AS places, collect(id(c)) AS ids
