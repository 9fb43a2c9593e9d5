// Promotion evidence by its source.
// in:
// out:
CREATE INDEX promotion_evidence_source IF NOT EXISTS FOR ()-[e:PROMOTION_EVIDENCE]-() ON (e.source)
