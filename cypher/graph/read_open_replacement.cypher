// The source over whose rows another version's are being written.
// in:
// out: name STRING, bundle STRING
MATCH (s:Source)
WHERE s.becomes IS NOT NULL
RETURN s.name AS name, s.becomes AS bundle
ORDER BY name
