-- What must hold whoever writes: an operator with SQL in hand, Better Auth, or our own code.

-- The audit trail is only ever added to.
CREATE TRIGGER audit_event_is_never_updated BEFORE UPDATE ON audit_event
BEGIN
  SELECT RAISE(ABORT, 'audit_event rows are never updated');
END;
--> statement-breakpoint
CREATE TRIGGER audit_event_is_never_deleted BEFORE DELETE ON audit_event
BEGIN
  SELECT RAISE(ABORT, 'audit_event rows are never deleted');
END;
--> statement-breakpoint
-- INSERT OR REPLACE deletes without firing the trigger above.
CREATE TRIGGER audit_event_is_never_replaced BEFORE INSERT ON audit_event
WHEN EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'audit_event rows are never replaced');
END;
--> statement-breakpoint
CREATE TRIGGER api_key_is_never_replaced BEFORE INSERT ON api_key
WHEN EXISTS (SELECT 1 FROM api_key WHERE id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'api_key rows are never replaced');
END;
--> statement-breakpoint
-- A deleted row would let memory and KV go on believing what they hold of it.
CREATE TRIGGER api_key_is_never_deleted BEFORE DELETE ON api_key
BEGIN
  SELECT RAISE(ABORT, 'api_key rows are never deleted: revoke them');
END;
--> statement-breakpoint
-- Keys that inherit follow their creator: whatever changes a membership bumps the sequence, marks
-- those keys as changed and leaves the raises to be made, in the transaction of that very change.
CREATE TRIGGER member_role_changed AFTER UPDATE OF role ON member WHEN OLD.role IS NOT NEW.role
BEGIN
  INSERT INTO sequence (id, value) VALUES (1, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (id) DO UPDATE SET value = max(value + 1, excluded.value);
  UPDATE api_key SET seq = (SELECT value FROM sequence)
    WHERE account_id = NEW.organization_id AND created_by = NEW.user_id AND scopes IS NULL;
  INSERT INTO pending_raise (fence, digest, seq, created_at)
    SELECT fence.name, api_key.digest, api_key.seq, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM fence, api_key
    WHERE api_key.account_id = NEW.organization_id AND api_key.created_by = NEW.user_id
      AND api_key.scopes IS NULL
    ON CONFLICT (digest, fence) DO UPDATE SET seq = excluded.seq;
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, subject_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.organization_id, 'member.role_changed',
      CASE WHEN intent.actor_id IS NULL THEN 'system' ELSE 'person' END, intent.actor_id,
      NEW.user_id, json_object('from', OLD.role, 'to', NEW.role),
      CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM (SELECT 1) LEFT JOIN member_intent AS intent ON intent.member_id = NEW.id;
  DELETE FROM member_intent WHERE member_id = NEW.id;
END;
--> statement-breakpoint
CREATE TRIGGER member_removed AFTER DELETE ON member
BEGIN
  INSERT INTO sequence (id, value) VALUES (1, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (id) DO UPDATE SET value = max(value + 1, excluded.value);
  UPDATE api_key SET seq = (SELECT value FROM sequence)
    WHERE account_id = OLD.organization_id AND created_by = OLD.user_id AND scopes IS NULL;
  INSERT INTO pending_raise (fence, digest, seq, created_at)
    SELECT fence.name, api_key.digest, api_key.seq, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM fence, api_key
    WHERE api_key.account_id = OLD.organization_id AND api_key.created_by = OLD.user_id
      AND api_key.scopes IS NULL
    ON CONFLICT (digest, fence) DO UPDATE SET seq = excluded.seq;
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, subject_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), OLD.organization_id, 'member.removed',
      CASE WHEN intent.actor_id IS NULL THEN 'system' ELSE 'person' END, intent.actor_id,
      OLD.user_id, json_object('role', OLD.role),
      CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM (SELECT 1) LEFT JOIN member_intent AS intent ON intent.member_id = OLD.id;
  DELETE FROM member_intent WHERE member_id = OLD.id;
END;
--> statement-breakpoint
-- Somebody who comes back gets back what their keys inherit.
CREATE TRIGGER member_added AFTER INSERT ON member
BEGIN
  INSERT INTO sequence (id, value) VALUES (1, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (id) DO UPDATE SET value = max(value + 1, excluded.value);
  UPDATE api_key SET seq = (SELECT value FROM sequence)
    WHERE account_id = NEW.organization_id AND created_by = NEW.user_id AND scopes IS NULL;
  INSERT INTO pending_raise (fence, digest, seq, created_at)
    SELECT fence.name, api_key.digest, api_key.seq, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM fence, api_key
    WHERE api_key.account_id = NEW.organization_id AND api_key.created_by = NEW.user_id
      AND api_key.scopes IS NULL
    ON CONFLICT (digest, fence) DO UPDATE SET seq = excluded.seq;
  INSERT INTO audit_event (id, account_id, action, actor_kind, subject_id, detail, created_at)
    VALUES (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.organization_id, 'member.added', 'system', NEW.user_id,
      json_object('role', NEW.role), CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;
--> statement-breakpoint
-- Records carry the name of their account.
CREATE TRIGGER account_renamed AFTER UPDATE OF name ON organization WHEN OLD.name IS NOT NEW.name
BEGIN
  INSERT INTO sequence (id, value) VALUES (1, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (id) DO UPDATE SET value = max(value + 1, excluded.value);
  UPDATE api_key SET seq = (SELECT value FROM sequence) WHERE account_id = NEW.id;
  INSERT INTO pending_raise (fence, digest, seq, created_at)
    SELECT fence.name, api_key.digest, api_key.seq, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM fence, api_key WHERE api_key.account_id = NEW.id
    ON CONFLICT (digest, fence) DO UPDATE SET seq = excluded.seq;
  INSERT INTO audit_event (id, account_id, action, actor_kind, detail, created_at)
    VALUES (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.id, 'account.renamed', 'system',
      json_object('from', OLD.name, 'to', NEW.name), CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;
