// The names of those of some compositions whose text is a digest, as stored and as they follow from places and rated labels.
// in:  $ids LIST<INTEGER>
// out: id INTEGER, text STRING, stored STRING, caption STRING
UNWIND $ids AS id
MATCH (c:DIGESTED_KINDS) WHERE id(c) = id
WITH id, c,
     COLLECT {
       MATCH (:Source {state: 'live'})-[h:HOLDS]->(c)
       RETURN h.place AS place ORDER BY place LIMIT 1
     } AS places,
     COLLECT {
       MATCH (c)-[r:DEPICTS]->(d)
       // What a picture's own pixels show is no name of it.
       WHERE NOT d:DIGESTED_KINDS AND NOT d:Feature
       RETURN left(d.text, 40) AS label ORDER BY r.elo DESC, d.key LIMIT 3
     } AS labels
WITH id, c, split(places[0], '/')[-1] AS file,
     reduce(named = labels[0], label IN labels[1..] | named + ', ' + label) AS named
RETURN id, c.text AS text, c.name AS stored,
       CASE WHEN c:Region AND file IS NOT NULL AND named IS NOT NULL THEN named + ' in ' + split(file, '#')[0]
            WHEN file IS NOT NULL AND named IS NOT NULL THEN file + ': ' + named
            ELSE coalesce(file, named, OWN_NAME(c.kind, c.text)) END AS caption
