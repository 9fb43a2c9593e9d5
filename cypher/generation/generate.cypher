// Random texts over a projection of next-token states ('hartonomous generate --engine gds' creates one; null: the latest), from a state or, if that is null, from the prompt's last word.
// in:  $prompt STRING, $length INTEGER, $samples INTEGER, $seed INTEGER, $projection STRING, $state INTEGER
// out: text STRING, states LIST<INTEGER>
// procedure: generate(prompt::STRING, length = 30::INTEGER, samples = 1::INTEGER, seed = 0::INTEGER, projection = null::STRING, state = null::INTEGER)
// example: generate('The king', 20)
CALL gds.graph.list() YIELD graphName, creationTime
WITH graphName, creationTime
WHERE graphName = $projection OR ($projection IS NULL AND graphName STARTS WITH 'hartonomous-states-')
WITH graphName ORDER BY creationTime DESC LIMIT 1
CALL () {
  MATCH (c:Composition) WHERE id(c) = $state
  RETURN id(c) AS start
  UNION
  WITH split(trim($prompt), ' ')[-1] AS word
  MATCH (c:Composition {folded: normalize(toLower(word))})
  WHERE c:Token AND $state IS NULL
  RETURN id(c) AS start ORDER BY c.text = normalize(word) DESC, c.text LIMIT 1
}
CALL gds.randomWalk.stream(graphName, {
  sourceNodes: [start], walkLength: $length + 1, walksPerNode: $samples,
  relationshipWeightProperty: 'weight', randomSeed: $seed, concurrency: 1
}) YIELD nodeIds AS states
CALL (states) {
  UNWIND range(1, size(states) - 1) AS i
  MATCH (c:Composition) WHERE id(c) = states[i]
  WITH i, split(c.text, ' ')[-1] AS token
  ORDER BY i
  RETURN collect(token) AS tokens
}
RETURN reduce(text = $prompt, token IN tokens | text + CASE
    WHEN token STARTS WITH '##' AND size(token) > 2 THEN substring(token, 2)
    WHEN token =~ '[.,:!?\\x3b]' THEN token
    ELSE ' ' + token
  END) AS text, states
