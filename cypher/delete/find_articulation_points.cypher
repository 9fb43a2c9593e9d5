// The compositions of a projected graph without which a part of it would fall apart.
// in:  $name STRING
// out: id INTEGER
CALL gds.articulationPoints.stream($name) YIELD nodeId
RETURN nodeId AS id
