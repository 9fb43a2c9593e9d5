// Every node as it is, to write a store anew.
// in:
// out: node INTEGER, labels LIST<STRING>, properties MAP
MATCH (n)
RETURN id(n) AS node, labels(n) AS labels, properties(n) AS properties
