-- Also of revoked keys: what a revocation names, and no key has.
DROP INDEX `api_key_by_maker`;--> statement-breakpoint
CREATE INDEX `api_key_by_maker` ON `api_key` (`made_by`,`revoked_at`,`replaced_by`,`meter_id`);--> statement-breakpoint
-- Keys that wait for a review since their creator was demoted or removed: read up to `after_row`, of those there were then.
-- A page is marked when `to_row` is set: 1,000 keys in the transaction of the demotion, the others by the reconciler.
CREATE TABLE review_due (account_id TEXT NOT NULL, user_id TEXT NOT NULL, after_row INTEGER NOT NULL,
  until_row INTEGER NOT NULL, to_row INTEGER, PRIMARY KEY (account_id, user_id)) WITHOUT ROWID;
--> statement-breakpoint
CREATE TRIGGER review_due_page AFTER UPDATE OF to_row ON review_due
BEGIN
  INSERT INTO audit_event (id, account_id, action, actor_kind, key_id, subject_id, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.account_id, 'key.needs_review', 'system', api_key.id, NEW.user_id, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM api_key INDEXED BY api_key_by_creator WHERE account_id = NEW.account_id AND created_by = NEW.user_id AND revoked_at IS NULL
      AND rowid > NEW.after_row AND rowid <= NEW.to_row AND scopes IS NOT NULL AND NOT needs_review;
  UPDATE api_key SET needs_review = 1
    WHERE account_id = NEW.account_id AND created_by = NEW.user_id AND revoked_at IS NULL
      AND rowid > NEW.after_row AND rowid <= NEW.to_row AND scopes IS NOT NULL AND NOT needs_review;
  UPDATE review_due SET after_row = NEW.to_row WHERE account_id = NEW.account_id AND user_id = NEW.user_id;
  DELETE FROM review_due
    WHERE account_id = NEW.account_id AND user_id = NEW.user_id AND NEW.to_row >= until_row;
END;
--> statement-breakpoint
DROP TRIGGER former_power_ends;
--> statement-breakpoint
-- As before, but for the keys: their number has no bound.
CREATE TRIGGER former_power_ends AFTER INSERT ON former_power
BEGIN
  UPDATE invitation SET status = 'canceled'
    WHERE organization_id = NEW.account_id AND inviter_id = NEW.user_id AND status = 'pending';
  INSERT OR REPLACE INTO review_due (account_id, user_id, after_row, until_row)
    SELECT NEW.account_id, NEW.user_id, 0, coalesce((SELECT max(rowid) FROM api_key), 0)
    WHERE EXISTS (SELECT 1 FROM api_key
      WHERE account_id = NEW.account_id AND created_by = NEW.user_id AND revoked_at IS NULL);
  UPDATE review_due SET to_row = coalesce((SELECT rowid FROM api_key INDEXED BY api_key_by_creator
      WHERE account_id = NEW.account_id AND created_by = NEW.user_id AND revoked_at IS NULL
      ORDER BY rowid LIMIT 1 OFFSET 999), until_row)
    WHERE account_id = NEW.account_id AND user_id = NEW.user_id;
  INSERT INTO audit_event (id, account_id, action, actor_kind, subject_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.account_id, 'webhook_endpoint.needs_review', 'system', NEW.user_id,
      json_object('endpoint_id', id, 'url', url), CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM webhook_endpoint
    WHERE account_id = NEW.account_id AND created_by = NEW.user_id AND NOT needs_review;
  UPDATE webhook_endpoint SET needs_review = 1
    WHERE account_id = NEW.account_id AND created_by = NEW.user_id;
  DELETE FROM former_power WHERE account_id = NEW.account_id AND user_id = NEW.user_id;
END;
