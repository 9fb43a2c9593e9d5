// Ledger nodes by the source they load.
// in:
// out:
CREATE INDEX batch_source IF NOT EXISTS FOR (b:Batch) ON (b.source)
