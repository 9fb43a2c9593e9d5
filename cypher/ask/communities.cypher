// Words more related to each other than to others (Leiden), the largest communities or that of a word, each with its most central words; computed by Graph Data Science.
// in:  $top INTEGER, $members INTEGER, $word STRING, $resolution FLOAT, $above INTEGER
// out: name STRING, size INTEGER, words LIST<STRING>
// drawn: word_nodes LIST<NODE>
// procedure: communities(top = 20::INTEGER, members = 8::INTEGER, word = null::STRING, resolution = 1.0::FLOAT, above = 1500::INTEGER)
// example: communities(5)
CALL () {
  CALL () {
    FIND_WORD(c, $word)
  }
  RETURN collect(id(c)) AS asked
}
CALL () {
  PROJECTION($above)
}
CALL (projected) {
  CALL gds.graph.nodeProperties.drop(projected, ['rank', 'degree'], {failIfMissing: false})
  YIELD propertiesRemoved
  CALL gds.degree.mutate(projected, {mutateProperty: 'degree'}) YIELD nodePropertiesWritten AS counted
  CALL gds.pageRank.mutate(projected, {
    mutateProperty: 'rank', relationshipWeightProperty: 'weight', concurrency: 1
  }) YIELD nodePropertiesWritten AS ranked
  RETURN ranked
}
CALL gds.leiden.stream(projected, {
  randomSeed: 1, concurrency: 1, gamma: $resolution, relationshipWeightProperty: 'weight'
}) YIELD nodeId, communityId
WITH asked, projected, nodeId, communityId
WHERE gds.util.nodeProperty(projected, nodeId, 'degree') > 0
WITH asked, communityId, min(nodeId) AS first,
     collect([nodeId, round(gds.util.nodeProperty(projected, nodeId, 'rank'), 9)]) AS ranked
WHERE $word IS NULL OR any(one IN ranked WHERE one[0] IN asked)
ORDER BY size(ranked) DESC, first
LIMIT $top
CALL (ranked) {
  UNWIND ranked AS one
  MATCH (m:Composition) WHERE id(m) = one[0]
  WITH m, one[1] AS rank ORDER BY rank DESC, m.key LIMIT $members
  RETURN collect(m) AS nodes
}
RETURN nodes[0].text AS name, size(ranked) AS size, [one IN nodes | one.text] AS words,
       DRAWN(nodes AS word_nodes)
ORDER BY size DESC, first
