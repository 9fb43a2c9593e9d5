// Pairs of labels on whose relation two detectors disagree beyond noise: the times each says it and says otherwise (the other way round, or both labels without it), the difference in decades, with pictures.
// in:  $first STRING, $second STRING, $top INTEGER
// out: start STRING, relation STRING, end STRING, first_n INTEGER, first_against INTEGER, second_n INTEGER, second_against INTEGER, difference FLOAT, pictures LIST<STRING>
// drawn: start_node NODE, end_node NODE, picture_nodes LIST<NODE>
// procedure: detector_relations(first::STRING, second::STRING, top = 10::INTEGER)
// example: detector_relations('coarse', 'fine', 5)
CALL () {
  MATCH (a:Token)-[e:LEFT_OF_EVIDENCE|ABOVE_EVIDENCE|INSIDE_EVIDENCE]->(b:Token)
  WHERE e.source IN [$first, $second] AND a <> b
  WITH CASE WHEN a.key < b.key THEN a ELSE b END AS x, CASE WHEN a.key < b.key THEN b ELSE a END AS y,
       FEEDS[type(e)] AS relation, a.key < b.key AS along, e.n AS n, e.source = $first AS own,
       e.source = $second AS other
  RETURN x, y, relation, sum(CASE WHEN own AND along THEN n ELSE 0 END) AS n1,
         sum(CASE WHEN own AND NOT along THEN n ELSE 0 END) AS m1,
         sum(CASE WHEN other AND along THEN n ELSE 0 END) AS n2,
         sum(CASE WHEN other AND NOT along THEN n ELSE 0 END) AS m2
  UNION ALL
  MATCH (x:Token)-[e:OVERLAPS_EVIDENCE|NEAR_EVIDENCE]-(y:Token)
  WHERE e.source IN [$first, $second] AND x.key < y.key
  WITH x, y, FEEDS[type(e)] AS relation,
       sum(CASE WHEN e.source = $first THEN e.n ELSE 0 END) AS n1,
       sum(CASE WHEN e.source = $second THEN e.n ELSE 0 END) AS n2
  OPTIONAL MATCH (x)-[t:COOCCURRENCE_EVIDENCE]-(y)
  WITH x, y, relation, n1, n2, sum(CASE WHEN t.source = $first THEN t.n ELSE 0 END) AS seen1,
       sum(CASE WHEN t.source = $second THEN t.n ELSE 0 END) AS seen2
  RETURN x, y, relation, n1, CASE WHEN seen1 > n1 THEN seen1 - n1 ELSE 0 END AS m1, n2,
         CASE WHEN seen2 > n2 THEN seen2 - n2 ELSE 0 END AS m2
}
// Log odds ratio with a half added to each count (Haldane 1956, Anscombe 1956), and its standard error.
WITH x, y, relation, n1, m1, n2, m2,
     log10((n1 + 0.5) / (m1 + 0.5)) - log10((n2 + 0.5) / (m2 + 0.5)) AS difference,
     sqrt(1 / (n1 + 0.5) + 1 / (m1 + 0.5) + 1 / (n2 + 0.5) + 1 / (m2 + 0.5)) / log(10) AS error
WHERE n1 + m1 > 0 AND n2 + m2 > 0 AND abs(difference) > 2 * error
// As the first detector mostly has it.
WITH relation, difference, error, n1 < m1 AND relation IN ['LEFT_OF', 'ABOVE', 'INSIDE'] AS turned,
     x, y, n1, m1, n2, m2
WITH relation, abs(difference) / error AS errors, CASE WHEN turned THEN y ELSE x END AS a,
     CASE WHEN turned THEN x ELSE y END AS b, CASE WHEN turned THEN [m1, n1, m2, n2] ELSE [n1, m1, n2, m2] END AS counts,
     CASE WHEN turned THEN -difference ELSE difference END AS difference
ORDER BY errors DESC, a.key, b.key, relation
LIMIT $top
CALL (a, b) {
  MATCH (a)<-[d:DEPICTION_EVIDENCE {source: $first}]-(p:Image)-[e:DEPICTION_EVIDENCE {source: $first}]->(b)
  WHERE EXISTS { (p)<-[:HOLDS]-(:Source {name: $second}) }
  WITH p ORDER BY p.key LIMIT 3
  RETURN collect(p) AS examples
}
RETURN a.text AS start, relation, b.text AS end, counts[0] AS first_n, counts[1] AS first_against,
       counts[2] AS second_n, counts[3] AS second_against, ROUNDED(difference, 3) AS difference,
       [p IN examples | p.name] AS pictures,
       DRAWN(a AS start_node, b AS end_node, examples AS picture_nodes)
ORDER BY errors DESC, start, end, relation
