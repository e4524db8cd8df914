-- 0023 marks no account that is about to be deleted. Where there was no other, the first one that stays after all operates
-- the deployment: one that was reopened since, or the next.
INSERT INTO platform (id, account_id)
  SELECT 1, id FROM organization WHERE closes_at IS NULL AND NOT EXISTS (SELECT 1 FROM platform)
    ORDER BY created_at, rowid LIMIT 1;
--> statement-breakpoint
CREATE TRIGGER reopened_account_is_platform AFTER UPDATE OF closes_at ON organization
WHEN NEW.closes_at IS NULL AND OLD.closes_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM platform)
BEGIN
  INSERT INTO platform (id, account_id) VALUES (1, NEW.id);
END;
