// The pictures of what a text says, the surest first: those of the text and of texts that contain its words, by captions, detectors, models of texts and pictures; and those of its words, each said of the picture or of a feature that it has, one at least of the picture.
// in:  $text STRING, $top INTEGER
// out: picture STRING, caption STRING, place STRING, through LIST<STRING>, source STRING, odds FLOAT, consensus INTEGER, similarity FLOAT
// drawn: picture_node NODE, path_nodes LIST<NODE>, path_relations LIST<RELATIONSHIP>
// procedure: text_to_images(text::STRING, top = 10::INTEGER)
// example: text_to_images('white car', 5)
WITH [one IN apoc.text.split(toLower(normalize($text)), '[^\\p{L}\\p{M}\\p{N}]+') WHERE one <> ''] AS said,
     '[\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}\\x{30fc}\\p{IsThai}\\p{IsLao}\\p{IsKhmer}\\p{IsMyanmar}]'
       AS unspaced
CALL (said, unspaced) {
  CALL (said, unspaced) {
    FIND_WORD(c, $text)
    UNION
    WITH said, unspaced,
         reduce(longest = '', word IN said | CASE WHEN size(word) > size(longest) THEN word ELSE longest END) AS longest
    WHERE longest <> ''
    MATCH (c:Composition)
    WHERE c.folded CONTAINS longest AND c.kind IN ['Token', 'Sentence']
          AND EXISTS { (c)-[:CROSSMODAL_EVIDENCE|DEPICTION_EVIDENCE]-() }
          // Where a script sets no spaces, words have no borders.
          AND all(word IN said WHERE CASE WHEN word =~ ('(?s).*' + unspaced + '.*') THEN c.folded CONTAINS word
                ELSE c.folded =~ ('(?s)(.*[^\\p{L}\\p{M}\\p{N}])?' + word + '([^\\p{L}\\p{M}\\p{N}].*)?') END)
    RETURN c
  }
  MATCH (c)-[r:RELATES|DEPICTS]-(p:Image)
  // What is said of a picture holds unless as many speak against it, however often it is said of others.
  WHERE (r.decades > 0 OR type(r) = 'DEPICTS' AND coalesce(r.against, 0) < r.n)
  WITH c, p, sum(r.decades) AS gained, max(r.elo) AS elo, 1.0 * sum(r.weight) / sum(r.n) AS similarity,
       collect(r) AS edges
  RETURN p, gained, elo, similarity, [c.text] AS through, [c] AS nodes, edges
  UNION ALL
  UNWIND said AS word
  WITH DISTINCT word
  CALL (word) {
    MATCH (w:Composition {folded: word})
    WHERE w:Token AND EXISTS { (w)-[:CROSSMODAL_EVIDENCE|DEPICTION_EVIDENCE|EFFECT_EVIDENCE]-() }
    RETURN collect(w) AS meant
  }
  WITH collect({word: word, meant: meant}) AS words
  // A short word that no picture knows is taken for an article.
  WITH [one IN words WHERE size(one.meant) > 0 OR size(one.word) > 3] AS words
  WHERE size(words) > 1 AND all(one IN words WHERE size(one.meant) > 0)
  // Where a model compared the whole text, what it says of the words counts no more.
  WITH words, CASE WHEN EXISTS {
         (:Composition {folded: toLower(normalize($text))})-[:CROSSMODAL_EVIDENCE]-(:Image)
       } THEN ['DEPICTS'] ELSE ['DEPICTS', 'RELATES'] END AS types
  CALL (words, types) {
    UNWIND words AS one
    CALL (one, types) {
      UNWIND one.meant AS w
      MATCH (w)-[r:RELATES|DEPICTS]-(p:Image)
      WHERE type(r) IN types AND (r.decades > 0 OR type(r) = 'DEPICTS' AND coalesce(r.against, 0) < r.n)
      // The surest of many: each is looked at with every word.
      RETURN p ORDER BY BY_STRENGTH(r), p.key LIMIT 300
    }
    RETURN DISTINCT p
  }
  CALL (p, words, types) {
    UNWIND words AS one
    UNWIND one.meant AS w
    CALL (p, w, types) {
      MATCH (p)-[r:RELATES|DEPICTS]-(w)
      WHERE type(r) IN types AND (r.decades > 0 OR type(r) = 'DEPICTS' AND coalesce(r.against, 0) < r.n)
      RETURN r.decades AS gained, r.elo AS elo, 1.0 * r.weight / r.n AS similarity, [w] AS nodes, [r] AS edges
      UNION ALL
      MATCH (p)-[s:DEPICTS]->(f:Feature)-[t:DEPICTS]->(w)
      // Half of what the word is said of has the feature, and half as much again as by chance.
      WHERE t.decades >= 200 AND 2 * t.n >= COUNT { (w)<-[:DEPICTS]-(:Image) }
      RETURN t.decades AS gained, t.elo AS elo, 1.0 * s.weight / s.n AS similarity,
             [f, w] AS nodes, [s, t] AS edges
    }
    WITH one.word AS word, gained, elo, similarity, nodes, edges
    ORDER BY gained DESC, elo DESC, nodes[0].key
    WITH word, head(collect({gained: gained, elo: elo, similarity: similarity, nodes: nodes, edges: edges})) AS best
    RETURN collect(best) AS told
  }
  WITH p, told WHERE size(told) = size(words)
  // Together no surer than the least sure of them.
  RETURN p, reduce(least = told[0].gained, one IN told | CASE WHEN one.gained < least THEN one.gained ELSE least END) AS gained,
         reduce(least = told[0].elo, one IN told | CASE WHEN one.elo < least THEN one.elo ELSE least END) AS elo,
         reduce(sum = 0.0, one IN told | sum + one.similarity) / size(told) AS similarity,
         [one IN told | head(one.nodes).text] AS through,
         reduce(all = [], one IN told | all + one.nodes) AS nodes,
         reduce(all = [], one IN told | all + one.edges) AS edges
}
WITH p, gained, elo, similarity, through, nodes, edges
ORDER BY gained DESC, elo DESC, similarity DESC, through
WITH p, collect({gained: gained, elo: elo, similarity: similarity, through: through, nodes: nodes, edges: edges}) AS ways
WITH p, head(ways) AS best, reduce(all = [], way IN ways | all + way.edges) AS edges
ORDER BY best.gained DESC, best.elo DESC, p.key
LIMIT $top
CALL (edges) {
  UNWIND edges AS r
  WITH startNode(r) AS a, endNode(r) AS b
  MATCH (a)-[e:ALL_EVIDENCE]-(b)
  WHERE (e.support > 0 OR type(e) = 'DEPICTION_EVIDENCE')
  MATCH (s:Source {name: e.source, state: 'live'})
  WITH DISTINCT s.name AS name ORDER BY name
  WITH collect(name) AS names
  RETURN reduce(all = names[0], name IN names[1..] | all + ', ' + name) AS source
}
CALL (p) {
  MATCH (:Source {state: 'live'})-[h:HOLDS]->(p)
  RETURN min(h.place) AS place
}
RETURN p.text AS picture, p.name AS caption, place, best.through AS through, source, ROUNDED(best.gained / 1000.0, 3) AS odds,
       1500 + toInteger(floor(0.4 * best.gained + 0.5)) AS consensus, ROUNDED(best.similarity / 1e6, 4) AS similarity,
       DRAWN(p AS picture_node, best.nodes AS path_nodes, best.edges AS path_relations)
ORDER BY best.gained DESC, best.elo DESC, p.key
