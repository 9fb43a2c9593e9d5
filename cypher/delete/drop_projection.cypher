// Drop a projected graph if it exists.
// in:  $name STRING
// out: name STRING
CALL gds.graph.drop($name, false) YIELD graphName AS name
RETURN name
