// The most probable paths from one state to any of some others over a projected state graph, by Yen's algorithm to the nearest of them.
// in:  $name STRING, $start INTEGER, $ends LIST<INTEGER>, $top INTEGER
// out: states LIST<INTEGER>, cost FLOAT
CALL gds.allShortestPaths.dijkstra.stream($name, {
  sourceNode: $start, relationshipWeightProperty: 'cost'
}) YIELD targetNode, totalCost
WITH targetNode, totalCost
WHERE targetNode IN $ends AND targetNode <> $start
WITH targetNode ORDER BY totalCost, targetNode LIMIT $top
CALL gds.shortestPath.yens.stream($name, {
  sourceNode: $start, targetNode: targetNode, k: $top, relationshipWeightProperty: 'cost'
}) YIELD nodeIds, totalCost
RETURN nodeIds AS states, totalCost AS cost
ORDER BY cost, states
LIMIT $top
