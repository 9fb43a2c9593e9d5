// Compositions with at least a share of the personalised PageRank from some compositions, highest first.
// in:  $name STRING, $ids LIST<INTEGER>, $share FLOAT
// out: id INTEGER, share FLOAT
MATCH (c:Composition) WHERE id(c) IN $ids
WITH collect(c) AS start
CALL gds.pageRank.stream($name, {sourceNodes: start, relationshipWeightProperty: 'weight'})
YIELD nodeId, score
WITH collect({id: nodeId, score: score}) AS found, sum(score) AS total
UNWIND found AS one
WITH one.id AS id, one.score / total AS share
WHERE share >= $share AND NOT id IN $ids
RETURN id, share
ORDER BY share DESC, id
