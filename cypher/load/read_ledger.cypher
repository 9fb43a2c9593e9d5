// The batches of a source that are in the graph.
// in:  $source STRING
// out: key STRING
MATCH (b:Batch {source: $source})
RETURN b.key AS key
