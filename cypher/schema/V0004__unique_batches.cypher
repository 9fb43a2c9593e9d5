// One ledger node per batch: what makes loading exactly once.
// in:
// out:
CREATE CONSTRAINT batch_key IF NOT EXISTS FOR (b:Batch) REQUIRE b.key IS UNIQUE
