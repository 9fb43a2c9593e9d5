// How many nodes and relationships a database holds, from its own counts.
// in:
// out: nodes INTEGER, relationships INTEGER
MATCH (n)
WITH count(n) AS nodes
MATCH ()-[r]->()
RETURN nodes, count(r) AS relationships
