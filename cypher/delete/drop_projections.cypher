// Drop every graph that Graph Data Science holds in memory.
// in:
// out: name STRING
CALL gds.graph.list() YIELD graphName
CALL gds.graph.drop(graphName, false) YIELD graphName AS name
RETURN name
