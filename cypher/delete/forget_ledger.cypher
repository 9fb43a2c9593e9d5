// Delete the ledger of a completed act.
// in:  $source STRING
// out: dropped INTEGER
MATCH (b:Batch {source: $source})
DELETE b
RETURN count(*) AS dropped
