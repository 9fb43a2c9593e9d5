// The loaded batches of a source.
// in:  $source STRING
// out: key STRING
MATCH (b:Batch {source: $source})
RETURN b.key AS key
