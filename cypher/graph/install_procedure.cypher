// Install one statement as a procedure, in the system database, through APOC Extended.
// in:  $signature STRING, $body STRING, $database STRING, $description STRING
// out:
CALL apoc.custom.installProcedure($signature, $body, $database, 'read', $description)
