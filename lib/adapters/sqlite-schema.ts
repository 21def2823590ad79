/**
 * One step per schema version, in order; a file's `user_version` counts the steps that it has seen. Steps are never
 * edited once released, only added. Text is compared by its UTF-8 bytes (BINARY collation), as the ports promise.
 */
export const SCHEMA_STEPS: readonly string[] = [
  `
  CREATE TABLE records (
    pk TEXT NOT NULL,
    sk TEXT NOT NULL,
    version INTEGER NOT NULL,
    expires_at REAL,
    body TEXT NOT NULL,
    UNIQUE (pk, sk)
  ) STRICT;
  CREATE INDEX records_by_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO counters VALUES ('record-version', 0);

  CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    body TEXT NOT NULL,
    sent_at REAL NOT NULL,
    visible_at REAL NOT NULL,
    receives INTEGER NOT NULL DEFAULT 0, -- since it was sent or redriven
    deliveries INTEGER NOT NULL DEFAULT 0, -- ever: makes receipts unique
    holder INTEGER, -- the delivery that holds it, NULL when nobody does
    dead INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX messages_by_time ON messages (queue, dead, visible_at);
  CREATE INDEX messages_by_age ON messages (queue, dead, sent_at);
  `,
  // When visible_at was set: a clock that shows less has been set back since. NULL: before this step.
  'ALTER TABLE messages ADD COLUMN hidden_at REAL;',
];
