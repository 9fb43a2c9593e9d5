// Drop the ledger of an act that is through.
// in:  $source STRING
// out: dropped INTEGER
MATCH (b:Batch {source: $source})
DELETE b
RETURN count(*) AS dropped
