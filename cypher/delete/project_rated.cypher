// Project the rated edges of some types into Graph Data Science, without those to be removed.
// in:  $name STRING, $lost LIST<INTEGER>
// out: nodes INTEGER, edges INTEGER
MATCH (a:Composition)-[r:RATED_TYPES]->(b:Composition)
WHERE NOT id(r) IN $lost
WITH gds.graph.project($name, a, b, {relationshipProperties: {weight: r.elo - 1500.0}},
                       {undirectedRelationshipTypes: ['*']}) AS g
RETURN g.nodeCount AS nodes, g.relationshipCount AS edges
