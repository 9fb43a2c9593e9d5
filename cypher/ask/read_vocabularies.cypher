// The tracks of each live source that has a vocabulary, by number.
// in:
// out: source STRING, numbers LIST<INTEGER>
MATCH (s:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
WHERE t.evidence IN split('SILENT_EVIDENCE', '|')
RETURN s.name AS source, collect(t.number) AS numbers
ORDER BY source
