// Drop a projected graph if it is there.
// in:  $name STRING
// out: name STRING
CALL gds.graph.drop($name, false) YIELD graphName AS name
RETURN name
