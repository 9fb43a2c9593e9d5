// What pictures of a text look like: by the effects of its words on measured features, added up; effects that chance explains count nothing.
// in:  $text STRING, $top INTEGER, $source STRING
// out: feature STRING, effect FLOAT, error FLOAT, support INTEGER, words LIST<STRING>, source STRING
// drawn: feature_node NODE
// procedure: text_to_image_features(text::STRING, top = 10::INTEGER, source = null::STRING)
// example: text_to_image_features('red car', 5)
CALL () {
  FIND_PROMPTED($text)
}
MATCH (w)<-[e:EFFECT_EVIDENCE]-(f:Feature)
WHERE ($source IS NULL OR e.source = $source) AND EXISTS { (:Source {name: e.source, state: 'live'}) }
WITH f, e.source AS source, sum(e.effect) AS effect, sqrt(sum(1.0 * e.error * e.error)) AS error,
     sum(e.support) AS support, collect(CASE WHEN e.support <> 0 THEN w.text END) AS words
WHERE size(words) > 0
RETURN f.text AS feature, ROUNDED(effect / 1000.0, 4) AS effect, ROUNDED(error / 1000.0, 4) AS error,
       THOUSANDTHS(support, 3) AS support, words, source,
       DRAWN(f AS feature_node)
ORDER BY abs(support) DESC, feature, source
LIMIT $top
