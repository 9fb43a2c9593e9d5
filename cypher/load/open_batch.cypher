// Enter a batch into the ledger; fresh is false if it is there already.
// in:  $key STRING, $source STRING, $rows INTEGER, $digest LIST<INTEGER>, $evidence STRING
// out: fresh BOOLEAN
MERGE (b:Batch {key: $key})
  ON CREATE SET b.source = $source, b.evidence = $evidence, b.rows = $rows, b.digest = $digest,
                b.name = RECORD_NAME(Batch, b), b.fresh = true
WITH b, coalesce(b.fresh, false) AS fresh
REMOVE b.fresh
RETURN fresh
