// How often a source visited each composition it read on from.
// in:  $source STRING
// out: id INTEGER, n INTEGER
MATCH (:Source {name: $source})-[v:VISITED]->(c)
RETURN id(c) AS id, v.n AS n
