// The numbers of nodes and relationships in a database, from its own counts.
// in:
// out: nodes INTEGER, relationships INTEGER
MATCH (n)
WITH count(n) AS nodes
MATCH ()-[r]->()
RETURN nodes, count(r) AS relationships
