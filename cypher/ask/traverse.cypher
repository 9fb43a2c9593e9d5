// Compositions reached from a prompt's words and names of several words over rated pairs, by consensus, within a depth and breadth, each with its most probable path.
// in:  $prompt STRING, $depth INTEGER, $breadth INTEGER, $top INTEGER, $above INTEGER, $min_sources INTEGER, $sources LIST<STRING>, $pieces BOOLEAN, $types LIST<STRING>
// out: word STRING, score FLOAT, led_by LIST<STRING>, path LIST<STRING>, cost INTEGER, steps LIST<MAP>
// drawn: word_node NODE, path_nodes LIST<NODE>, path_relations LIST<RELATIONSHIP>
// procedure: traverse(prompt::STRING, depth = 3::INTEGER, breadth = 5::INTEGER, top = 10::INTEGER, above = 1500::INTEGER, min_sources = 1::INTEGER, sources = null::LIST OF STRING, pieces = false::BOOLEAN, types = null::LIST OF STRING)
// example: traverse('king', 2, 5, 10)
WITH reduce(text = '', i IN range(0, size($prompt) - 1) |
       text + CASE WHEN substring($prompt, i, 1) =~ '[\\p{L}\\p{N}_\'\u2019-]'
              THEN substring($prompt, i, 1) ELSE ' ' END) AS spaced
// A hyphen or an apostrophe is part of a word where one stands alone between letters.
WITH [word IN split(spaced, [' ', '--', '-\'', '-\u2019',
       '\'-', '\'\'', '\'\u2019', '\u2019-', '\u2019\'', '\u2019\u2019']) |
        btrim(word, '\'\u2019-')] AS said
WITH [word IN said WHERE word <> ''] AS words
// The longest run of words that is a name is taken whole.
CALL (words) {
  CALL (words) {
    FIND_RUNS(words)
  }
  WITH i, max(n) AS n
  RETURN collect([i, n]) AS runs
}
WITH reduce(taken = {said: [], next: 0}, i IN range(0, size(words) - 1) |
  CASE WHEN i < taken.next THEN taken ELSE
    head([n IN [coalesce(head([run IN runs WHERE run[0] = i | run[1]]), 1)] |
      {said: taken.said + [reduce(text = words[i], j IN range(i + 1, i + n - 1) | text + ' ' + words[j])],
       next: i + n}])
  END).said AS said
CALL (said) {
  UNWIND range(0, size(said) - 1) AS i
  WITH said[i] AS word, min(i) AS i ORDER BY i LIMIT 64
  CALL (word) {
    FIND_WORD(c, word)
  }
  WITH c, i WHERE NOT c:UNCONNECTED_KINDS AND ($pieces OR NOT c:FRAGMENT_KINDS)
  WITH c, min(i) AS i ORDER BY i
  WITH collect(c) AS starts
  CALL (starts) {
    CALL (starts) {
      TELLING(starts)
    }
    RETURN collect([c, telling]) AS told
  }
  RETURN starts, [one IN starts | [pair IN told WHERE pair[0] = one | pair[1]][0]] AS weights
}
CALL () {
  MATCH (s:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
  WITH s.name AS name, min(t.number) AS number ORDER BY name
  RETURN collect([number, name]) AS voices
}
// A word leads to itself, and to names that contain it, told by an empty key before them.
CALL (starts) {
  UNWIND range(0, size(starts) - 1) AS i
  WITH i, starts[i] AS c
  CALL (c) {
    RETURN id(c) AS id, 0 AS cost, [c.key] AS keys
    UNION ALL
    MATCH (c)<-[:HAS_WORD]-(p)
    WITH c, p ORDER BY size(p.words), p.key
    LIMIT $breadth
    RETURN id(p) AS id, STEP_PRICE + toInteger(floor(5e4 * log10(1.0 + COUNT { (c)<-[:HAS_WORD]-() }))) AS cost,
           [c.key, '', p.key] AS keys
  }
  WITH id, collect([i, cost, keys, true]) AS ways
  RETURN collect([id, ways, true]) AS begun
}
WITH starts, weights, voices, begun,
     CASE WHEN $sources IS NOT NULL THEN [v IN voices WHERE v[1] IN $sources | v[0]] END AS numbers
// A node is [its id, its ways, whether it leads on]; a way is [from which start, its cost, the keys it
// goes over, whether this round found it]. A round puts what is known beside what it leads on to, in
// order, and keeps the first way of each start to each node. Aggregation is not allowed in here, so
// groups are told by where they begin.
WITH starts, weights, voices, numbers, reduce(
  nodes = begun,
  depth IN range(1, $depth) |
  CASE WHEN none(node IN nodes WHERE node[2]) THEN nodes ELSE
    head([listed IN [COLLECT {
      CALL (nodes, numbers) {
        UNWIND nodes AS node
        UNWIND node[1] AS way
        RETURN node[0] AS id, way[0] AS start, way[1] AS cost, way[2] AS keys, false AS found
        UNION ALL
        UNWIND [node IN nodes WHERE node[2]] AS node
        MATCH (c:Composition) WHERE id(c) = node[0]
        // Two may be related by several types, the cheapest of which counts.
        UNWIND head([edges IN [COLLECT {
          MATCH (c)-[r:RATED_TYPES]-(d:Composition)
          WHERE type(r) IN coalesce($types, ['DEFAULT_RELATION'])
            AND (r:UNDIRECTED_TYPES OR startNode(r) = c) AND coalesce(r.consensus, r.elo) > $above
            AND r.sources >= $min_sources AND NOT d:UNCONNECTED_KINDS AND ($pieces OR NOT d:FRAGMENT_KINDS)
            AND (numbers IS NULL OR any(number IN numbers WHERE number IN r.seen))
          WITH d, r.cost AS step, r.elo AS elo
          RETURN [id(d), step, d.key] ORDER BY step, elo DESC, d.key
          LIMIT $breadth * size(coalesce($types, ['DEFAULT_RELATION']))
        }] | [i IN range(0, size(edges) - 1)
                WHERE none(j IN range(0, i - 1) WHERE edges[j][0] = edges[i][0]) | edges[i]
              ][..$breadth]]) AS edge
        UNWIND node[1] AS way
        RETURN edge[0] AS id, way[0] AS start, way[1] + edge[1] AS cost, way[2] + edge[2] AS keys,
               true AS found
      }
      RETURN [id, start, cost, keys, found] ORDER BY id, start, cost, keys, found
    }] |
    head([kept IN [[i IN range(0, size(listed) - 1)
                    WHERE i = 0 OR listed[i][0] <> listed[i - 1][0]
                      OR listed[i][1] <> listed[i - 1][1] | listed[i]]] |
    head([firsts IN [[i IN range(0, size(kept) - 1)
                      WHERE i = 0 OR kept[i][0] <> kept[i - 1][0]] + size(kept)] |
    head([groups IN [[i IN range(0, size(firsts) - 2) |
                      [j IN range(firsts[i], firsts[i + 1] - 1) | kept[j]]]] |
    head([leading IN [COLLECT {
      UNWIND [rows IN groups WHERE any(row IN rows WHERE row[4]) | [
        reduce(least = null, row IN rows | CASE
          WHEN row[4] AND (least IS NULL OR row[2] < least) THEN row[2] ELSE least END),
        last(rows[0][3]), rows[0][0]]] AS led
      RETURN led[2] ORDER BY led LIMIT 200
    }] |
      [rows IN groups | [rows[0][0], [row IN rows | [row[1], row[2], row[3], row[4]]], rows[0][0] IN leading]]
    ])])])])])
  END
) AS nodes
UNWIND nodes AS node
WITH starts, weights, voices, numbers, node
WHERE NOT node[0] IN [c IN starts | id(c)]
CALL (node, starts, weights) {
  WITH starts, weights, COLLECT {
    UNWIND node[1] AS way
    RETURN way ORDER BY way[1], way[2]
  } AS ways
  RETURN ways[0][2] AS keys, ways[0][1] AS cost, [i IN range(0, size(starts) - 1)
           WHERE any(way IN ways WHERE way[0] = i) | starts[i].text] AS led_by,
         reduce(sum = 0.0, way IN ways | sum + weights[way[0]] * 10.0 ^ (-way[1] / 5e4)) AS activation
}
WITH keys, cost, led_by, round(activation, 9) AS activation, voices, numbers
ORDER BY activation DESC, last(keys)
LIMIT 5 * $top
// What tells little is reached from everywhere.
WITH collect([keys, cost, led_by, activation]) AS rows, voices, numbers
CALL (rows) {
  UNWIND rows AS row
  MATCH (node:Composition {key: last(row[0])})
  WITH collect(node) AS nodes
  CALL (nodes) {
    TELLING(nodes)
  }
  RETURN collect([c.key, telling]) AS told
}
UNWIND rows AS row
WITH row[0] AS keys, row[1] AS cost, row[2] AS led_by, voices, numbers,
     round(row[3] * [pair IN told WHERE pair[0] = last(row[0]) | pair[1]][0], 9) AS score
ORDER BY score DESC, last(keys)
LIMIT $top
CALL (keys, voices, numbers) {
  UNWIND [i IN range(0, size(keys) - 2) WHERE keys[i] <> ''] AS i
  WITH keys, voices, numbers, i, keys[i + 1] = '' AS named
  MATCH (c:Composition {key: keys[i]})
  MATCH (d:Composition {key: keys[CASE WHEN named THEN i + 2 ELSE i + 1 END]})
  CALL (c, d, numbers, named) {
    WITH c, d, numbers, named WHERE named
    MATCH (c)<-[r:HAS_WORD]-(d)
    RETURN r, STEP_PRICE + toInteger(floor(5e4 * log10(1.0 + COUNT { (c)<-[:HAS_WORD]-() }))) AS step
    UNION ALL
    WITH c, d, numbers, named WHERE NOT named
    MATCH (c)-[r:RATED_TYPES]-(d)
    WHERE type(r) IN coalesce($types, ['DEFAULT_RELATION'])
      AND (r:UNDIRECTED_TYPES OR startNode(r) = c) AND coalesce(r.consensus, r.elo) > $above
      AND r.sources >= $min_sources
      AND (numbers IS NULL OR any(number IN numbers WHERE number IN r.seen))
    RETURN r, r.cost AS step
    ORDER BY step, type(r) LIMIT 1
  }
  WITH i, c, d, r, step ORDER BY i
  RETURN collect(c) + [last(collect(d))] AS nodes, collect(r) AS edges, collect({
    start: c.text, end: d.text, type: type(r), cost: MILLIONTHS(step, 3), times: r.n,
    rating: coalesce(r.consensus, toInteger(round(r.elo))),
    sources: [voice IN voices WHERE voice[0] IN r.seen | voice[1]]
  }) AS steps
}
WITH keys, cost, led_by, score AS total, nodes, edges, steps
RETURN last(steps).end AS word, ROUNDED(total, 4) AS score, led_by, [steps[0].start] + [s IN steps | s.end] AS path,
       MILLIONTHS(cost, 3) AS cost, steps,
       DRAWN(last(nodes) AS word_node, nodes AS path_nodes, edges AS path_relations)
ORDER BY total DESC, last(keys)
