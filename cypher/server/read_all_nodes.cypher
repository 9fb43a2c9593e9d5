// Every node with its labels and properties, for a copy of the store.
// in:
// out: node INTEGER, labels LIST<STRING>, properties MAP
MATCH (n)
RETURN id(n) AS node, labels(n) AS labels, properties(n) AS properties
