// Layer evidence by its source.
// in:
// out:
CREATE INDEX layer_evidence_source IF NOT EXISTS FOR ()-[e:LAYER_EVIDENCE]-() ON (e.source)
