// Name the tracks, batches, journals, suppressions and log entries of an earlier version.
// in:
// out:
MATCH (n:Track|Batch|Deletion|Suppression|LogEntry)
WHERE n.name IS NULL
CALL (n) {
  SET n.name = CASE
    WHEN n:Track THEN n.source + ' ' + toLower(replace(n.evidence, '_EVIDENCE', ''))
    WHEN n:Batch THEN n.key
    WHEN n:Deletion THEN n.verb + ' ' + toString(n.number)
    WHEN n:Suppression THEN n.kind + ' ' + left(n.id, 8)
    ELSE n.title
  END
  REMOVE n.title
} IN TRANSACTIONS OF 10000 ROWS
