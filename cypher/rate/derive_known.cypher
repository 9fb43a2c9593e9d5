// Derive the tracks that know each composition from the evidence of types whose silence speaks.
// in:  $ids LIST<INTEGER>, $numbers MAP OF evidence type TO MAP OF source TO INTEGER
// out:
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
CALL (c) {
  MATCH (c)-[e:SILENT_EVIDENCE]-()
  WITH DISTINCT $numbers[type(e)][e.source] AS number
  WHERE number IS NOT NULL
  WITH number ORDER BY number
  WITH collect(number) AS numbers
  RETURN reduce(text = '', number IN numbers | text + '+' + number) AS known
}
SET c.known = known
