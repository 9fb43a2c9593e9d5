// The number of words whose neighbours by several sources overlap, by class and by set of sources.
// in:
// out: known STRING, met LIST OF LIST<INTEGER>, words INTEGER
MATCH (a:Composition)-[r:RATED_TYPE]-()
WHERE r.sources > 1
WITH a, collect(DISTINCT r.seen) AS met
RETURN a.known AS known, met, count(*) AS words
