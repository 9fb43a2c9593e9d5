// The pictures that a source made of prompts, with the features that they have: at most so many, in the order of their keys.
// in:  $source STRING, $most INTEGER
// out: place STRING, features LIST<STRING>, values LIST<FLOAT>
MATCH (:Source {name: $source, state: 'live'})-[h:HOLDS]->(i:Image)
WHERE h.place =~ '[^/]+/seed \\d+[.]png'
WITH h, i ORDER BY i.key, h.place LIMIT $most
OPTIONAL MATCH (i)-[e:DEPICTION_EVIDENCE {source: $source}]->(f:Feature)
WITH h, i, f, e ORDER BY f.text
RETURN h.place AS place, collect(f.text) AS features, collect(e.weight / 1e6 / e.n) AS values
ORDER BY place
