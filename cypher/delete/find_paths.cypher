// Shortest paths between two different compositions over rated edges, in whatever direction.
// in:  $pairs LIST OF [key of the start, key of the end]
// out: start STRING, end STRING, way LIST<STRING>, types LIST<STRING>, tracks LIST<LIST<INTEGER>>
UNWIND $pairs AS pair
MATCH (a:Composition {key: pair[0]})
MATCH (b:Composition {key: pair[1]})
WHERE a <> b
MATCH path = shortestPath((a)-[:RATED_TYPES*..4]-(b))
RETURN a.text AS start, b.text AS end, [n IN nodes(path) | n.text] AS way,
       [r IN relationships(path) | type(r)] AS types,
       [r IN relationships(path) | r.seen] AS tracks
