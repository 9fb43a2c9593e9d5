// The articulation points of a projected graph: compositions whose removal disconnects it.
// in:  $name STRING
// out: id INTEGER
CALL gds.articulationPoints.stream($name) YIELD nodeId
RETURN nodeId AS id
