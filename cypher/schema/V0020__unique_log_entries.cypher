// One entry a place in the log.
// in:
// out:
CREATE CONSTRAINT log_entry_index IF NOT EXISTS FOR (e:LogEntry) REQUIRE e.index IS UNIQUE
