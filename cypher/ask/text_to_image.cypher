// The pictures of all sources that look most like a text: the decades by which its words make their features likelier, added up.
// in:  $text STRING, $top INTEGER
// out: picture STRING, score FLOAT, features LIST<STRING>, place STRING, source STRING
// drawn: picture_node NODE
// procedure: text_to_image(text::STRING, top = 10::INTEGER)
// example: text_to_image('red car', 5)
CALL () {
  FIND_PROMPTED($text)
}
MATCH (w)<-[e:EFFECT_EVIDENCE]-(f:Feature)
WHERE e.support <> 0 AND EXISTS { (:Source {name: e.source, state: 'live'}) }
WITH f, sum(e.support) / 1000.0 / count(DISTINCT e.source) AS wanted
MATCH (f)<-[e:DEPICTION_EVIDENCE]-(i:Image)
WHERE EXISTS { (:Source {name: e.source, state: 'live'}) }
WITH DISTINCT i, f, wanted
ORDER BY wanted DESC, f.text
// Of how much a picture has of a feature, values of different features say different things.
WITH i, sum(wanted) AS score, [one IN collect({feature: f.text, said: wanted}) WHERE one.said > 0.1 | one.feature] AS features
WHERE score > 0
ORDER BY score DESC, i.key
LIMIT $top
CALL (i) {
  MATCH (s:Source {state: 'live'})-[h:HOLDS]->(i)
  RETURN s.name AS source, min(h.place) AS place
  ORDER BY source LIMIT 1
}
RETURN i.text AS picture, ROUNDED(score, 4) AS score, features[..4] AS features, place, source,
       DRAWN(i AS picture_node)
ORDER BY score DESC, picture
