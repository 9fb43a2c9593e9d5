// An act is written into the log once.
// in:
// out:
CREATE CONSTRAINT log_entry_key IF NOT EXISTS FOR (e:LogEntry) REQUIRE e.key IS UNIQUE
