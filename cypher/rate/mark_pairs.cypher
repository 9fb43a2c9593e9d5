// Put pairs on the work list of the next rating pass: of each start only those with some ends, unless all of its pairs are due.
// in:  $starts LIST<INTEGER>, $ends LIST OF LIST<INTEGER>, $most INTEGER
// out:
UNWIND range(0, size($starts) - 1) AS i
MATCH (c:Composition) WHERE id(c) = $starts[i]
WITH c, CASE WHEN c:Unrated AND c.due IS NULL THEN null ELSE coalesce(c.due, []) + $ends[i] END AS due
SET c:Unrated, c.due = CASE WHEN size(due) <= $most THEN due END
