// The effects of words on features, of one source or all live ones, and what the sources say of their prompts.
// in:  $source STRING
// out: source STRING, options STRING, word STRING, feature STRING, effect INTEGER, error INTEGER, middle INTEGER, spread INTEGER, support INTEGER
MATCH (s:Source {state: 'live'})-[:HAS_TRACK]->(:Track {evidence: 'EFFECT_EVIDENCE'})
WHERE $source IS NULL OR s.name = $source
MATCH (f:Feature)-[e:EFFECT_EVIDENCE {source: s.name}]->(w:Token)
RETURN s.name AS source, s.options AS options, w.text AS word, f.text AS feature, e.effect AS effect,
       e.error AS error, e.middle AS middle, e.spread AS spread, e.support AS support
ORDER BY source, word, feature
