// The projections in the server's memory whose names have a prefix, newest first.
// in:  $prefix STRING, $database STRING
// out: name STRING, nodes INTEGER, relationships INTEGER, bytes INTEGER, created STRING
CALL gds.graph.list() YIELD graphName, database, nodeCount, relationshipCount, sizeInBytes, creationTime
WHERE graphName STARTS WITH $prefix AND database = $database
RETURN graphName AS name, nodeCount AS nodes, relationshipCount AS relationships,
       sizeInBytes AS bytes, toString(creationTime) AS created
ORDER BY creationTime DESC, name
