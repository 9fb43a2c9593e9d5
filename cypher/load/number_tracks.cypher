// Give each new track of a source the lowest unused numbers.
// in:  $name STRING
// out: numbers LIST<INTEGER>
OPTIONAL MATCH (other:Track)
WHERE other.number IS NOT NULL
WITH collect(other.number) AS taken
MATCH (:Source {name: $name})-[:HAS_TRACK]->(t:Track)
WHERE t.number IS NULL
WITH taken, t ORDER BY t.evidence
WITH taken, collect(t) AS tracks
WITH tracks, [i IN range(1, size(taken) + size(tracks)) WHERE NOT i IN taken] AS free
FOREACH (i IN range(0, size(tracks) - 1) | FOREACH (t IN [tracks[i]] | SET t.number = free[i]))
RETURN free[..size(tracks)] AS numbers
