// The keys of the tokens by which some tokens and contexts go on to contexts that some sources visited.
// in:  $keys LIST<STRING>, $sources LIST<STRING>
// out: key STRING, tokens LIST<STRING>
UNWIND $keys AS key
MATCH (c:Composition {key: key})-[x:EXTENDS_TO]->(d)
WHERE EXISTS { (d)<-[:VISITED]-(s:Source) WHERE s.name IN $sources }
RETURN c.key AS key, collect(x.token) AS tokens
