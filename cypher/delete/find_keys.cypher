// Database ids of compositions by key, for keys that exist.
// in:  $keys LIST<STRING>
// out: i INTEGER, id INTEGER
UNWIND range(0, size($keys) - 1) AS i
MATCH (c:Composition {key: $keys[i]})
RETURN i, id(c) AS id
