// Next evidence by its source.
// in:
// out:
CREATE INDEX next_evidence_source IF NOT EXISTS FOR ()-[e:NEXT_EVIDENCE]-() ON (e.source)
