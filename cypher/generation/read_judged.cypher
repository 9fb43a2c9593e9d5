// What people judged of what follows, by their votes: for each pair the sum of vote times odds, a rejection adding at most 0, and who said what.
// in:  $only LIST<STRING> or null, $without LIST<STRING>
// out: start STRING, end STRING, said INTEGER, people LIST<LIST>
MATCH (s:Source {state: 'live'})-[:HAS_TRACK]->(t:Track {evidence: 'PRECEDES_JUDGEMENT_EVIDENCE'})
WHERE NOT s.name IN $without AND ($only IS NULL OR s.name IN $only)
MATCH (a)-[e:PRECEDES_JUDGEMENT_EVIDENCE {source: s.name}]->(b)
WITH a.key AS start, b.key AS end, s.name AS name, e.n AS n, e.against AS against,
     CASE WHEN t.vote < 0 AND e.support < 0 THEN 0 ELSE t.vote * e.support END AS said
ORDER BY start, end, name
RETURN start, end, sum(said) AS said, collect([name, n, against, said]) AS people
