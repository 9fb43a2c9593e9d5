// Answer evidence by its source.
// in:
// out:
CREATE INDEX answer_evidence_source IF NOT EXISTS FOR ()-[e:ANSWER_EVIDENCE]-() ON (e.source)
