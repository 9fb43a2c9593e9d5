// Every source, without times.
// in:
// out: source MAP
MATCH (s:Source)
RETURN s {.name, .kind, .importer, .state, .digest, .options, .files, .subject, .licence, .family,
          .bytes, .parameters, .excluded, .merged, .lineage, .distrusted} AS source
ORDER BY s.name
