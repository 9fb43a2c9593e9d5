// Create suppressions, which recognise erased data by keyed hashes alone.
// in:  $rows LIST OF MAP
// out: written INTEGER
UNWIND $rows AS row
MERGE (s:Suppression {id: row.id})
  ON CREATE SET s += row, s.created = datetime(), s.name = RECORD_NAME(Suppression, s)
RETURN count(s) AS written
