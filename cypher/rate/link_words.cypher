// Link names to the words they consist of, each where it comes first; remove links to anything else.
// in:  $ids LIST<INTEGER>
// out: linked INTEGER
UNWIND $ids AS id
MATCH (p:Phrase) WHERE id(p) = id
CALL (p) {
  MATCH (p)-[h:HAS_WORD]->(t)
  WITH p, t, collect(h) AS links
  WITH t, links,
       head([i IN range(0, size(p.words) - 1) WHERE p.words[i] = t.folded]) AS position
  WITH CASE WHEN t:Token AND links[0].position = position THEN links[1..] ELSE links END AS wrong
  FOREACH (h IN wrong | DELETE h)
}
UNWIND range(0, size(p.words) - 1) AS i
MATCH (t:Composition {folded: p.words[i]}) WHERE t:Token
WITH p, t, min(i) AS position
WHERE NOT EXISTS { (p)-[:HAS_WORD]->(t) }
CREATE (p)-[:HAS_WORD {position: position}]->(t)
RETURN count(*) AS linked
