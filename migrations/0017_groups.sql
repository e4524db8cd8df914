-- A raise concerns a digest, or a group of accounts: `@` and the first three letters of the account's id.
ALTER TABLE `pending_raise` RENAME COLUMN `digest` TO `subject`;
--> statement-breakpoint
-- A digest `*` stood for every key: each account is raised in its place.
INSERT INTO pending_raise (fence, subject, seq, created_at)
  SELECT DISTINCT pending_raise.fence, '@' || substr(api_key.account_id, 1, 3), pending_raise.seq, pending_raise.created_at
  FROM pending_raise, api_key WHERE pending_raise.subject = '*'
  ON CONFLICT (subject, fence) DO UPDATE SET seq = max(seq, excluded.seq);
--> statement-breakpoint
DELETE FROM pending_raise WHERE subject = '*';
--> statement-breakpoint
-- What concerns many keys of an account leaves a row here, which the trigger consumes in the same transaction: one
-- raise a fence, however many keys there are. Records that were read before are below every sequence of this transaction.
CREATE TABLE account_change (account_id TEXT PRIMARY KEY) WITHOUT ROWID;
--> statement-breakpoint
CREATE TRIGGER account_change_raises AFTER INSERT ON account_change
BEGIN
  INSERT INTO sequence (id, value) VALUES (1, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (id) DO UPDATE SET value = max(value + 1, excluded.value);
  INSERT INTO pending_raise (fence, subject, seq, created_at)
    SELECT fence.name, '@' || substr(NEW.account_id, 1, 3), (SELECT value FROM sequence), CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM fence WHERE true
    ON CONFLICT (subject, fence) DO UPDATE SET seq = excluded.seq;
  DELETE FROM account_change WHERE account_id = NEW.account_id;
END;
--> statement-breakpoint
-- As before; a member's change concerns the keys that inherit from them, an account's change all its keys.
DROP TRIGGER member_role_changed;
--> statement-breakpoint
CREATE TRIGGER member_role_changed AFTER UPDATE OF role ON member WHEN OLD.role IS NOT NEW.role
BEGIN
  INSERT INTO account_change SELECT NEW.organization_id WHERE EXISTS (SELECT 1 FROM api_key
    WHERE account_id = NEW.organization_id AND created_by = NEW.user_id AND scopes IS NULL);
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, subject_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.organization_id, 'member.role_changed',
      CASE WHEN intent.actor_id IS NULL THEN 'system' ELSE 'person' END, intent.actor_id,
      NEW.user_id, json_object('from', OLD.role, 'to', NEW.role),
      CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM (SELECT 1) LEFT JOIN member_intent AS intent ON intent.member_id = NEW.id;
  DELETE FROM member_intent WHERE member_id = NEW.id;
END;
--> statement-breakpoint
DROP TRIGGER member_removed;
--> statement-breakpoint
CREATE TRIGGER member_removed AFTER DELETE ON member
BEGIN
  INSERT INTO account_change SELECT OLD.organization_id WHERE EXISTS (SELECT 1 FROM api_key
    WHERE account_id = OLD.organization_id AND created_by = OLD.user_id AND scopes IS NULL);
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, subject_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), OLD.organization_id, 'member.removed',
      CASE WHEN intent.actor_id IS NULL THEN 'system' ELSE 'person' END, intent.actor_id,
      OLD.user_id, json_object('role', OLD.role),
      CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM (SELECT 1) LEFT JOIN member_intent AS intent ON intent.member_id = OLD.id;
  DELETE FROM member_intent WHERE member_id = OLD.id;
END;
--> statement-breakpoint
DROP TRIGGER member_added;
--> statement-breakpoint
CREATE TRIGGER member_added AFTER INSERT ON member
BEGIN
  INSERT INTO account_change SELECT NEW.organization_id WHERE EXISTS (SELECT 1 FROM api_key
    WHERE account_id = NEW.organization_id AND created_by = NEW.user_id AND scopes IS NULL);
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, subject_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.organization_id, 'member.added',
      CASE WHEN inviter_id IS NULL THEN 'system' ELSE 'person' END,
      CASE WHEN inviter_id IS NULL THEN NULL ELSE NEW.user_id END, NEW.user_id,
      json_patch(json_object('role', NEW.role), json_object('invited_by', inviter_id)), CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM (SELECT (SELECT invitation.inviter_id FROM invitation JOIN user ON user.email = invitation.email
      WHERE invitation.organization_id = NEW.organization_id AND user.id = NEW.user_id
        AND invitation.status IN ('pending', 'accepted')
      ORDER BY invitation.expires_at DESC LIMIT 1) AS inviter_id);
END;
--> statement-breakpoint
DROP TRIGGER account_renamed;
--> statement-breakpoint
CREATE TRIGGER account_renamed AFTER UPDATE OF name ON organization WHEN OLD.name IS NOT NEW.name
BEGIN
  INSERT INTO account_change VALUES (NEW.id);
  INSERT INTO audit_event (id, account_id, action, actor_kind, detail, created_at)
    VALUES (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.id, 'account.renamed', 'system',
      json_object('from', OLD.name, 'to', NEW.name), CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;
--> statement-breakpoint
DROP TRIGGER account_closes;
--> statement-breakpoint
CREATE TRIGGER account_closes AFTER UPDATE OF closes_at ON organization
WHEN OLD.closes_at IS NOT NEW.closes_at
BEGIN
  INSERT INTO account_change VALUES (NEW.id);
END;
--> statement-breakpoint
DROP TRIGGER former_grants_end;
--> statement-breakpoint
CREATE TRIGGER former_grants_end AFTER INSERT ON former_power
WHEN EXISTS (SELECT 1 FROM api_key
  WHERE account_id = NEW.account_id AND granted_by = NEW.user_id AND revoked_at IS NULL AND NOT disabled
    AND EXISTS (SELECT 1 FROM json_each(api_key.scopes)
        WHERE value IN ('keys:manage', 'keys:portal') OR value LIKE 'platform:%'))
BEGIN
  INSERT INTO sequence (id, value) VALUES (1, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (id) DO UPDATE SET value = max(value + 1, excluded.value);
  UPDATE api_key SET disabled = 1, seq = (SELECT value FROM sequence)
    WHERE account_id = NEW.account_id AND granted_by = NEW.user_id AND revoked_at IS NULL AND NOT disabled
      AND EXISTS (SELECT 1 FROM json_each(api_key.scopes)
      WHERE value IN ('keys:manage', 'keys:portal') OR value LIKE 'platform:%');
  INSERT INTO audit_event (id, account_id, action, actor_kind, key_id, subject_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.account_id, 'key.updated', 'system', api_key.id, NEW.user_id,
      json_object('changed', json_object('disabled', json('true')), 'reason', 'grantor_left'), CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM api_key WHERE api_key.seq = (SELECT value FROM sequence);
  INSERT INTO account_change VALUES (NEW.account_id);
END;
