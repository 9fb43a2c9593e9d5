// All properties of one source, one row per track.
// in:  $name STRING
// out: source MAP, track MAP
// procedure: source(name::STRING)
// example: source('minilm')
MATCH (s:Source {name: $name})
OPTIONAL MATCH (s)-[:HAS_TRACK]->(t:Track)
RETURN s {.name, .kind, .importer, .state, .digest, .options, .files, .subject, .licence, .family,
          .bytes, .parameters, .excluded, .merged, created: toString(s.created),
          .lineage, .distrusted, .hubness, places: COUNT { (s)-[:HOLDS]->() }} AS source,
       t {.evidence, .positions, .k, .vocabulary, .dimensions, .trust, .vote, .absent, .recall, .rows,
          .observations, .total, feeds: FEEDS[t.evidence]} AS track
ORDER BY track.evidence
