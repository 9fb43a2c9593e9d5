// The words whose effects a picture's features speak for: a picture by its key or place, or measured values by feature. By a linear discriminant of each word, features taken one by one.
// in:  $picture STRING, $top INTEGER, $values LIST<MAP>
// out: word STRING, score FLOAT, features LIST<STRING>, source STRING
// drawn: word_node NODE
// procedure: image_features_to_prompt(picture::STRING, top = 10::INTEGER, values = null::LIST OF MAP)
// example: image_features_to_prompt('a red car/seed 0.png', 5)
CALL () {
  UNWIND $values AS given
  MATCH (f:Feature {folded: given.feature})
  RETURN f, 1.0 * given.value AS value
  UNION ALL
  WITH $values AS none WHERE none IS NULL
  CALL () {
    MATCH (i:Image {folded: $picture})
    RETURN i
    UNION
    MATCH (:Source {state: 'live'})-[:HOLDS {place: $picture}]->(i:Image)
    RETURN i
  }
  MATCH (i)-[e:DEPICTION_EVIDENCE]->(f:Feature)
  RETURN f, max(e.weight / 1e6 / e.n) AS value
}
MATCH (f)-[e:EFFECT_EVIDENCE]->(w:Token)
WHERE e.support <> 0 AND e.spread > 0 AND EXISTS { (:Source {name: e.source, state: 'live'}) }
// The odds are those of the bound nearer to 0, and the distance is at most five deviations.
WITH w, e.source AS source, f, e.support / 1000.0 * (value - e.middle / 1e6) / (e.spread / 1e6) AS said,
     abs(value - e.middle / 1e6) / (e.spread / 1e6) AS away
WITH w, source, f, CASE WHEN away > 5 THEN 5 * said / away ELSE said END AS said
ORDER BY said DESC, f.text
WITH w, source, sum(said) AS score, [one IN collect({feature: f.text, said: said}) WHERE one.said > 0.1 | one.feature] AS features
RETURN w.text AS word, ROUNDED(score, 4) AS score, features[..4] AS features, source,
       DRAWN(w AS word_node)
ORDER BY score DESC, word, source
LIMIT $top
