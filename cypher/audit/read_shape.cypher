// Counts of what must exist exactly once and of what edges may join, and the holder of the writer's lock.
// in:
// out: states INTEGER, names LIST<STRING>, entries INTEGER, following INTEGER, tracks INTEGER, linked INTEGER, loose LIST<STRING>, links LIST OF [type, edges, edges from where they belong, edges to where they belong], locks LIST OF MAP
RETURN COUNT { (:State) } AS states,
       COLLECT { MATCH (g:State) RETURN toString(g.name) } AS names,
       COUNT { (:LogEntry) } AS entries,
       COUNT { ()-[:NEXT]->() } AS following,
       COUNT { (:Track) } AS tracks,
       COUNT { ()-[:HAS_TRACK]->() } AS linked,
       COLLECT {
         MATCH (t:Track) WHERE COUNT { (:Source {name: t.source})-[:HAS_TRACK]->(t) } <> 1
         RETURN coalesce(toString(t.source), '?') + '/' + coalesce(toString(t.evidence), '?') AS name
         ORDER BY name LIMIT 20
       } AS loose,
       [['HAS_TRACK', COUNT { ()-[:HAS_TRACK]->() }, COUNT { (:Source)-[:HAS_TRACK]->() },
         COUNT { ()-[:HAS_TRACK]->(:Track) }],
        ['VISITED', COUNT { ()-[:VISITED]->() }, COUNT { (:Source)-[:VISITED]->() },
         COUNT { ()-[:VISITED]->(:Composition) }],
        ['HOLDS', COUNT { ()-[:HOLDS]->() }, COUNT { (:Source)-[:HOLDS]->() },
         COUNT { ()-[:HOLDS]->(:Composition) }],
        ['AGREES_WITH', COUNT { ()-[:AGREES_WITH]->() }, COUNT { (:Source)-[:AGREES_WITH]->() },
         COUNT { ()-[:AGREES_WITH]->(:Source) }],
        ['BACKS_OFF_TO', COUNT { ()-[:BACKS_OFF_TO]->() },
         COUNT { (:Composition)-[:BACKS_OFF_TO]->() }, COUNT { ()-[:BACKS_OFF_TO]->(:Composition) }],
        ['EXTENDS_TO', COUNT { ()-[:EXTENDS_TO]->() },
         COUNT { (:Composition)-[:EXTENDS_TO]->() }, COUNT { ()-[:EXTENDS_TO]->(:Composition) }],
        ['HAS_WORD', COUNT { ()-[:HAS_WORD]->() },
         COUNT { (:Composition)-[:HAS_WORD]->() }, COUNT { ()-[:HAS_WORD]->(:Composition) }]
       ] AS links,
       COLLECT {
         MATCH (l:Lock)
         RETURN l {.*, since: toString(l.since), expires: toString(l.expires),
                   expired: l.expires < datetime()} AS lock
       } AS locks
