// The cheapest paths between two words over relations above a rating (Yen 1971), computed by Graph Data Science.
// in:  $start STRING, $end STRING, $top INTEGER, $above INTEGER
// out: words LIST<STRING>, cost FLOAT, weakest INTEGER, ratings LIST<INTEGER>
// drawn: path_nodes LIST<NODE>, path_relations LIST<RELATIONSHIP>
// procedure: path(start::STRING, end::STRING, top = 3::INTEGER, above = 1500::INTEGER)
// example: path('king', 'bread')
CALL () {
  FIND_WORD(c, $start)
}
CALL () {
  FIND_WORD(d, $end)
}
WITH c, d
WHERE c <> d AND NOT c:UNCONNECTED_KINDS AND NOT c:FRAGMENT_KINDS
  AND NOT d:UNCONNECTED_KINDS AND NOT d:FRAGMENT_KINDS
CALL () {
  PROJECTION($above)
}
CALL gds.shortestPath.yens.stream(projected, {
  sourceNode: c, targetNode: d, k: $top, relationshipWeightProperty: 'cost', concurrency: 1
}) YIELD nodeIds, totalCost
CALL (nodeIds) {
  UNWIND range(0, size(nodeIds) - 2) AS i
  MATCH (a:Composition) WHERE id(a) = nodeIds[i]
  MATCH (a)-[r:DEFAULT_RELATION]-(b) WHERE id(b) = nodeIds[i + 1]
  WITH i, a, r, b ORDER BY i
  RETURN collect(a) + [last(collect(b))] AS nodes, collect(r) AS edges
}
RETURN [one IN nodes | one.text] AS words, MILLIONTHS(totalCost, 3) AS cost,
       reduce(least = edges[0].consensus, r IN edges | CASE WHEN r.consensus < least THEN r.consensus ELSE least END) AS weakest, [r IN edges | r.consensus] AS ratings,
       DRAWN(nodes AS path_nodes, edges AS path_relations)
ORDER BY totalCost, size(nodes), words
