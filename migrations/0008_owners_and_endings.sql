-- An account keeps an owner, whoever writes and however many at once: two owners who demote one another
-- at the same moment are two statements, and the second meets this.
CREATE TRIGGER last_owner_is_not_demoted BEFORE UPDATE OF role ON member
WHEN (',' || replace(OLD.role, ' ', '') || ',') LIKE '%,owner,%'
  AND (',' || replace(NEW.role, ' ', '') || ',') NOT LIKE '%,owner,%'
  AND NOT EXISTS (SELECT 1 FROM member WHERE organization_id = OLD.organization_id AND id <> OLD.id
    AND (',' || replace(role, ' ', '') || ',') LIKE '%,owner,%')
BEGIN
  SELECT RAISE(ABORT, 'the last owner of an account stays');
END;
--> statement-breakpoint
-- Also when their user is deleted. An account that is deleted as a whole takes its owners with it.
CREATE TRIGGER last_owner_is_not_removed BEFORE DELETE ON member
WHEN (',' || replace(OLD.role, ' ', '') || ',') LIKE '%,owner,%'
  AND EXISTS (SELECT 1 FROM organization WHERE id = OLD.organization_id)
  AND NOT EXISTS (SELECT 1 FROM member WHERE organization_id = OLD.organization_id AND id <> OLD.id
    AND (',' || replace(role, ' ', '') || ',') LIKE '%,owner,%')
BEGIN
  SELECT RAISE(ABORT, 'the last owner of an account stays');
END;
--> statement-breakpoint
-- Whoever is removed by another is signed out where they were; who leaves may go on to another account.
CREATE TRIGGER removed_member_is_signed_out BEFORE DELETE ON member
WHEN NOT EXISTS (SELECT 1 FROM member_intent WHERE member_id = OLD.id AND actor_id = OLD.user_id)
BEGIN
  DELETE FROM session WHERE user_id = OLD.user_id AND active_organization_id = OLD.organization_id;
END;
--> statement-breakpoint
-- Keys of an account that is about to be deleted are stopped, and go again when that is taken back: a
-- record read from now on says so. Above 1,000 keys, one raise a fence stands for all.
CREATE TRIGGER account_closes AFTER UPDATE OF closes_at ON organization
WHEN OLD.closes_at IS NOT NEW.closes_at
BEGIN
  INSERT INTO sequence (id, value) VALUES (1, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (id) DO UPDATE SET value = max(value + 1, excluded.value);
  UPDATE api_key SET seq = (SELECT value FROM sequence) WHERE account_id = NEW.id;
  INSERT INTO pending_raise (fence, digest, seq, created_at)
    SELECT fence.name, api_key.digest, api_key.seq, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM fence, api_key
    WHERE api_key.account_id = NEW.id
      AND (SELECT count(*) FROM api_key WHERE account_id = NEW.id) <= 1000
    UNION ALL
    SELECT fence.name, '*', (SELECT value FROM sequence), CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM fence
    WHERE (SELECT count(*) FROM api_key WHERE account_id = NEW.id) > 1000
    ON CONFLICT (digest, fence) DO UPDATE SET seq = excluded.seq;
END;
--> statement-breakpoint
-- An account ends only when its owner has said so and the time to take it back is over.
CREATE TRIGGER account_is_not_deleted_early BEFORE INSERT ON deleted_account
WHEN NOT EXISTS (SELECT 1 FROM organization WHERE id = NEW.account_id
  AND closes_at <= CAST(unixepoch('subsec') * 1000 AS INTEGER))
BEGIN
  SELECT RAISE(ABORT, 'this account is not due to be deleted');
END;
--> statement-breakpoint
CREATE TRIGGER organization_is_not_deleted_early BEFORE DELETE ON organization
WHEN NOT EXISTS (SELECT 1 FROM deleted_account WHERE account_id = OLD.id)
BEGIN
  SELECT RAISE(ABORT, 'this account is not due to be deleted');
END;
--> statement-breakpoint
DROP TRIGGER audit_event_is_never_deleted;
--> statement-breakpoint
-- The trail of an account is kept for as long as there is an account to read it. That it was deleted, and
-- by whom, stays.
CREATE TRIGGER audit_event_is_never_deleted BEFORE DELETE ON audit_event
WHEN OLD.action LIKE 'account.%'
  OR NOT EXISTS (SELECT 1 FROM deleted_account WHERE account_id = OLD.account_id)
BEGIN
  SELECT RAISE(ABORT, 'audit_event rows are never deleted');
END;
--> statement-breakpoint
CREATE TRIGGER deleted_account_is_never_deleted BEFORE DELETE ON deleted_account
BEGIN
  SELECT RAISE(ABORT, 'deleted_account rows are never deleted');
END;
