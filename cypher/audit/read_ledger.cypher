// Every batch in the ledger of loading.
// in:
// out: key STRING, source STRING, evidence STRING, rows INTEGER, digest LIST<INTEGER>
MATCH (b:Batch)
RETURN b.key AS key, b.source AS source, b.evidence AS evidence, b.rows AS rows, b.digest AS digest
ORDER BY key
