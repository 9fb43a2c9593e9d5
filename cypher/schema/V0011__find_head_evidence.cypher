// Head evidence by its source.
// in:
// out:
CREATE INDEX head_evidence_source IF NOT EXISTS FOR ()-[e:HEAD_EVIDENCE]-() ON (e.source)
