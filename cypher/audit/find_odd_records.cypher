// Tracks, batches, journals and suppressions with another name than they should have.
// in:  $top INTEGER
// out: thing STRING, name STRING, expected STRING
CALL () {
  MATCH (t:Track)
  RETURN 'Track ' + t.source + '/' + t.evidence AS thing, t.name AS name,
         RECORD_NAME(Track, t) AS expected
  UNION ALL
  MATCH (b:Batch)
  RETURN 'Batch ' + b.key + ' of ' + b.source AS thing, b.name AS name,
         RECORD_NAME(Batch, b) AS expected
  UNION ALL
  MATCH (d:Deletion)
  RETURN 'Journal ' + d.id AS thing, d.name AS name, RECORD_NAME(Deletion, d) AS expected
  UNION ALL
  MATCH (s:Suppression)
  RETURN 'Suppression ' + s.id AS thing, s.name AS name, RECORD_NAME(Suppression, s) AS expected
}
WITH thing, name, expected
WHERE name IS NULL OR expected IS NULL OR name <> expected
RETURN thing, name, expected
ORDER BY thing
LIMIT $top
