// Communities of a projection (Leiden), the largest, that of a word, or those within that of a word one level up; each named by the words that distinguish it.
// in:  $projected STRING, $top INTEGER, $members INTEGER, $word STRING, $within STRING, $resolution FLOAT, $all BOOLEAN
// out: name STRING, size INTEGER, words LIST<STRING>
WITH $projected AS projected
// A level for every factor of four in words keeps communities of a size that people survey.
CALL (projected) {
  CALL gds.graph.list(projected) YIELD nodeCount
  WITH toInteger(round(log((nodeCount + 1) / 4000.0) / log(4))) - 1 AS finer
  RETURN coalesce($resolution, 4.0 ^ (CASE WHEN finer > 0 THEN finer ELSE 0 END
           + CASE WHEN $within IS NULL THEN 0 ELSE 1 END)) AS gamma
}
CALL () {
  WITH coalesce($word, $within) AS word
  CALL (word) {
    FIND_WORD(c, word)
  }
  RETURN collect(id(c)) AS asked
}
CALL () {
  MATCH (s:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
  WHERE t.evidence IN split('SILENT_EVIDENCE', '|')
  WITH s, collect(toString(t.number)) AS numbers
  RETURN collect(numbers) AS voices
}
CALL (projected, gamma) {
  CALL gds.graph.nodeProperties.drop(projected, ['rank', 'degree', 'community', 'wider'], {failIfMissing: false})
  YIELD propertiesRemoved
  CALL gds.degree.mutate(projected, {mutateProperty: 'degree'}) YIELD nodePropertiesWritten AS counted
  CALL gds.pageRank.mutate(projected, {
    mutateProperty: 'rank', relationshipWeightProperty: 'weight', concurrency: 1
  }) YIELD nodePropertiesWritten AS ranked
  CALL gds.leiden.mutate(projected, {
    mutateProperty: 'community', randomSeed: 1, concurrency: 1, gamma: gamma,
    relationshipWeightProperty: 'weight'
  }) YIELD communityCount
  RETURN communityCount
}
CALL (projected, gamma) {
  WITH projected, gamma WHERE $within IS NOT NULL
  CALL gds.leiden.mutate(projected, {
    mutateProperty: 'wider', randomSeed: 1, concurrency: 1, gamma: gamma / 4.0,
    relationshipWeightProperty: 'weight'
  }) YIELD communityCount AS wider
  RETURN count(wider) AS zoomed
}
WITH projected, asked, voices,
     CASE WHEN zoomed > 0 AND asked <> [] THEN gds.util.nodeProperty(projected, asked[0], 'wider') END AS wider
CALL gds.graph.nodeProperty.stream(projected, 'community') YIELD nodeId, propertyValue
WITH projected, asked, voices, wider, nodeId, propertyValue AS community
WHERE gds.util.nodeProperty(projected, nodeId, 'degree') > 0
  AND ($within IS NULL OR gds.util.nodeProperty(projected, nodeId, 'wider') = wider)
WITH projected, asked, voices, community, min(nodeId) AS first,
     collect([round(gds.util.nodeProperty(projected, nodeId, 'rank'), 9), nodeId]) AS ranked
WHERE $word IS NULL OR any(one IN ranked WHERE one[1] IN asked)
ORDER BY size(ranked) DESC, first
LIMIT $top
// Of its most central words, those lead whose relations stay inside: frequent here and rare elsewhere.
CALL (projected, voices, community, ranked) {
  UNWIND ranked AS one
  WITH one, projected, voices, community ORDER BY one[0] DESC, one[1] LIMIT 2000
  MATCH (m:Composition) WHERE id(m) = one[1]
  WITH m, one[0] AS rank, projected, community, $all OR READABLE(m, voices) AS read
  ORDER BY read DESC, rank DESC, m.key LIMIT 50 + $members
  MATCH (m)-[r:RATED_TYPES]-(d)
  WHERE r.decades > 0 AND NOT d:UNCONNECTED_KINDS AND NOT d:FRAGMENT_KINDS
  WITH m, read, rank, 1.0 * sum(r.decades) AS odds, sum(
         CASE gds.util.nodeProperty(projected, id(d), 'community') WHEN community THEN r.decades ELSE 0 END
       ) AS inside
  WITH m, read, round(rank * (inside / odds) ^ 2, 9) AS telling
  ORDER BY read DESC, telling DESC, m.key
  RETURN collect(m) AS found
}
// A name is three words, none the beginning of another.
WITH community, first, size(ranked) AS size, found[..$members] AS nodes,
     reduce(names = [], m IN found | CASE
       WHEN size(names) = 3 OR any(name IN names WHERE toLower(m.text) STARTS WITH toLower(left(name, 4))) THEN names
       ELSE names + m.text END) AS names
RETURN names[0] + reduce(more = '', name IN names[1..] | more + ', ' + name) AS name, size,
       [m IN nodes | m.text] AS words, DRAWN(nodes AS word_nodes)
ORDER BY size DESC, first
