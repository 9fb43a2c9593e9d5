// The facts of a graph other than rows: state, counts, sources with tracks, journals, suppressions; times as text.
// in:  $since INTEGER
// out: state MAP, compositions INTEGER, backing INTEGER, extending INTEGER, sources LIST OF MAP, migrations LIST OF MAP, journals LIST OF MAP, suppressions LIST OF MAP, placements LIST OF MAP, entries INTEGER, acts LIST<STRING>
OPTIONAL MATCH (g:State {name: 'graph'})
RETURN g {.*} AS state,
       COUNT { (:Composition) } AS compositions,
       COUNT { ()-[:BACKS_OFF_TO]->() } AS backing,
       COUNT { ()-[:EXTENDS_TO]->() } AS extending,
       COLLECT {
         MATCH (s:Source)
         RETURN s {.*, created: toString(s.created), visits: COUNT { (s)-[:VISITED]->() },
           // Null where a source has none, as a graph of an earlier version.
           places: nullIf(COUNT { (s)-[:HOLDS]->() }, 0),
           batches: COUNT { MATCH (b:Batch {source: s.name}) },
           tracks: COLLECT { MATCH (s)-[:HAS_TRACK]->(t:Track) RETURN t {.*} }} AS row
         ORDER BY s.name
       } AS sources,
       COLLECT {
         MATCH (m:Migration) RETURN m {.*, applied: toString(m.applied)} AS row ORDER BY m.version
       } AS migrations,
       COLLECT {
         MATCH (d:Deletion) RETURN d {.*, created: toString(d.created)} AS row ORDER BY d.number
       } AS journals,
       COLLECT {
         MATCH (x:Suppression) RETURN x {.*, created: toString(x.created)} AS row ORDER BY x.id
       } AS suppressions,
       COLLECT { MATCH (p:Placement) RETURN p {.*, created: toString(p.created)} AS row } AS placements,
       COUNT { (:LogEntry) } AS entries,
       COLLECT { MATCH (e:LogEntry) WHERE e.index >= $since RETURN e.act AS act ORDER BY e.index } AS acts
