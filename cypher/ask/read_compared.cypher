// The sources that compared some texts with pictures, or a picture with texts, and how many pictures each has; none of a graph without pictures.
// in:  $keys LIST<STRING>
// out: source STRING, pictures INTEGER, pictured BOOLEAN
MATCH (s:Source {state: 'live'})
WHERE EXISTS { (s)-[:HOLDS]->(:Image) }
RETURN s.name AS source, COUNT { (s)-[:HOLDS]->(:Image) } AS pictures,
       EXISTS {
         MATCH (c:Composition)-[e:CROSSMODAL_EVIDENCE]-()
         WHERE c.key IN $keys AND e.source = s.name
       } AS pictured
ORDER BY source
