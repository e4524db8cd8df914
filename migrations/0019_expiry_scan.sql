CREATE INDEX `api_key_with_expiry_by_seq` ON `api_key` (`seq`) WHERE revoked_at is null and expires_at is not null;--> statement-breakpoint
-- What the scan for keys that expire soon has read, of each mark: keys that expire up to a time, and changes up to a
-- sequence.
CREATE TABLE expiry_scan (days INTEGER PRIMARY KEY NOT NULL, expires_at INTEGER NOT NULL, seq INTEGER NOT NULL);
--> statement-breakpoint
-- Accounts whose keys the next scan reads whatever it has read before. `mark` differs each time a row is left.
CREATE TABLE expiry_due (account_id TEXT PRIMARY KEY NOT NULL, mark TEXT NOT NULL) WITHOUT ROWID;
--> statement-breakpoint
CREATE TRIGGER webhook_endpoint_made AFTER INSERT ON webhook_endpoint WHEN NEW.enabled
BEGIN
  INSERT OR REPLACE INTO expiry_due (account_id, mark) VALUES (NEW.account_id, hex(randomblob(8)));
END;
--> statement-breakpoint
CREATE TRIGGER webhook_endpoint_enabled AFTER UPDATE OF enabled ON webhook_endpoint
WHEN NEW.enabled AND NOT OLD.enabled
BEGIN
  INSERT OR REPLACE INTO expiry_due (account_id, mark) VALUES (NEW.account_id, hex(randomblob(8)));
END;
