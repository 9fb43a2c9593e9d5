// What can be called: the signature, the purpose and an example of each procedure.
// in:
// out: name STRING, signature STRING, purpose STRING, example STRING
// procedure: help()
// example: help()
UNWIND PROCEDURES AS one
RETURN one.name AS name, one.signature AS signature, one.purpose AS purpose, one.example AS example
ORDER BY name
