// Every track, without its arbitrary number.
// in:
// out: track MAP
MATCH (t:Track)
RETURN t {.source, .evidence, .positions, .k, .vocabulary, .dimensions, .trust, .vote, .absent, .recall,
          .total, .rows, .observations, .digest} AS track
ORDER BY t.source, t.evidence
