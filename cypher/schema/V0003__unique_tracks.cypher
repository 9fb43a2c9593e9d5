// One node per source and evidence type.
// in:
// out:
CREATE CONSTRAINT track_source_evidence IF NOT EXISTS FOR (t:Track) REQUIRE (t.source, t.evidence) IS UNIQUE
