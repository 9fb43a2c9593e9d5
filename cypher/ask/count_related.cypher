// The compositions that one source relates, and those of them that no other source knows or relates.
// in:  $number INTEGER
// out: words INTEGER, only_words INTEGER
MATCH (c:Composition)-[r:DEFAULT_RELATION]-()
WITH c, any(seen IN collect(r.seen) WHERE $number IN seen) AS own,
     any(seen IN collect(r.seen) WHERE any(one IN seen WHERE one <> $number)) AS others
WHERE own
RETURN count(c) AS words, sum(CASE WHEN others OR c.known <> '' THEN 0 ELSE 1 END) AS only_words
