// Labels on which two detectors disagree: in how many of the pictures that both saw only the first, only the second, or both say it, with pictures.
// in:  $first STRING, $second STRING, $top INTEGER
// out: label STRING, only_first INTEGER, only_second INTEGER, both INTEGER, pictures LIST<STRING>
// drawn: label_node NODE, picture_nodes LIST<NODE>
// procedure: detectors(first::STRING, second::STRING, top = 10::INTEGER)
// example: detectors('coarse', 'fine', 5)
MATCH (:Source {name: $first, state: 'live'})-[:HOLDS]->(p:Image)<-[:HOLDS]-(:Source {name: $second, state: 'live'})
WITH DISTINCT p
MATCH (p)-[e:DEPICTION_EVIDENCE]->(c)
WHERE e.source IN [$first, $second] AND NOT c:Feature
WITH p, c, collect(DISTINCT e.source) AS by
ORDER BY p.key
WITH c, sum(CASE WHEN by = [$first] THEN 1 ELSE 0 END) AS only_first,
     sum(CASE WHEN by = [$second] THEN 1 ELSE 0 END) AS only_second,
     sum(CASE WHEN size(by) = 2 THEN 1 ELSE 0 END) AS both,
     collect(CASE WHEN size(by) = 1 THEN p END)[0..3] AS examples
WHERE only_first + only_second > 0
RETURN c.text AS label, only_first, only_second, both, [p IN examples | p.name] AS pictures,
       DRAWN(c AS label_node, examples AS picture_nodes)
ORDER BY only_first + only_second DESC, label
LIMIT $top
