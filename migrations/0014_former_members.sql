ALTER TABLE `webhook_endpoint` ADD `needs_review` integer DEFAULT false NOT NULL;--> statement-breakpoint
-- A person who is demoted or removed leaves a row here, which the trigger below consumes in the same transaction.
CREATE TABLE former_power (account_id TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (account_id, user_id)) WITHOUT ROWID;
--> statement-breakpoint
CREATE TRIGGER member_demoted AFTER UPDATE OF role ON member
WHEN (CASE WHEN instr(NEW.role, 'owner') THEN 0 WHEN instr(NEW.role, 'admin') THEN 1 ELSE 2 END) > (CASE WHEN instr(OLD.role, 'owner') THEN 0 WHEN instr(OLD.role, 'admin') THEN 1 ELSE 2 END)
BEGIN
  INSERT INTO former_power VALUES (NEW.organization_id, NEW.user_id);
END;
--> statement-breakpoint
CREATE TRIGGER member_left AFTER DELETE ON member
BEGIN
  INSERT INTO former_power VALUES (OLD.organization_id, OLD.user_id);
END;
--> statement-breakpoint
-- Their invitations are void, and what they made waits for a review: scopes of a key are independent of its creator.
CREATE TRIGGER former_power_ends AFTER INSERT ON former_power
BEGIN
  UPDATE invitation SET status = 'canceled'
    WHERE organization_id = NEW.account_id AND inviter_id = NEW.user_id AND status = 'pending';
  INSERT INTO audit_event (id, account_id, action, actor_kind, key_id, subject_id, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.account_id, 'key.needs_review', 'system', api_key.id, NEW.user_id, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM api_key WHERE account_id = NEW.account_id AND created_by = NEW.user_id AND scopes IS NOT NULL
      AND revoked_at IS NULL AND NOT needs_review;
  UPDATE api_key SET needs_review = 1
    WHERE account_id = NEW.account_id AND created_by = NEW.user_id AND scopes IS NOT NULL
      AND revoked_at IS NULL AND NOT needs_review;
  INSERT INTO audit_event (id, account_id, action, actor_kind, subject_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.account_id, 'webhook_endpoint.needs_review', 'system', NEW.user_id,
      json_object('endpoint_id', id, 'url', url), CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM webhook_endpoint
    WHERE account_id = NEW.account_id AND created_by = NEW.user_id AND NOT needs_review;
  UPDATE webhook_endpoint SET needs_review = 1
    WHERE account_id = NEW.account_id AND created_by = NEW.user_id;
  DELETE FROM former_power WHERE account_id = NEW.account_id AND user_id = NEW.user_id;
END;
--> statement-breakpoint
-- Keys that grant to others are disabled when their grantor may no longer grant. A change of keys like every other: it bumps the sequence, and leaves raises and events.
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
  INSERT INTO pending_raise (fence, digest, seq, created_at)
    SELECT fence.name, api_key.digest, api_key.seq, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM fence, api_key WHERE api_key.seq = (SELECT value FROM sequence)
    ON CONFLICT (digest, fence) DO UPDATE SET seq = excluded.seq;
  INSERT INTO audit_event (id, account_id, action, actor_kind, key_id, subject_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.account_id, 'key.updated', 'system', api_key.id, NEW.user_id,
      json_object('changed', json_object('disabled', json('true')), 'reason', 'grantor_left'), CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM api_key WHERE api_key.seq = (SELECT value FROM sequence);
END;
--> statement-breakpoint
CREATE TRIGGER invitation_made AFTER INSERT ON invitation
BEGIN
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, detail, created_at)
    VALUES (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.organization_id, 'invitation.created', 'person', NEW.inviter_id,
      json_object('email', NEW.email, 'role', NEW.role), CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;
--> statement-breakpoint
-- Invitations are cancelled by a person, whose intent names them, or with the power of their inviter; they are accepted
-- and rejected by the person with that address.
CREATE TRIGGER invitation_ended AFTER UPDATE OF status ON invitation WHEN NEW.status IS NOT OLD.status
BEGIN
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.organization_id, 'invitation.' || NEW.status,
      CASE WHEN actor.id IS NULL THEN 'system' ELSE 'person' END, actor.id,
      json_object('email', NEW.email, 'role', NEW.role), CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM (SELECT CASE NEW.status
        WHEN 'canceled' THEN (SELECT actor_id FROM member_intent WHERE member_id = NEW.id)
        ELSE (SELECT id FROM user WHERE email = NEW.email) END AS id) AS actor;
  DELETE FROM member_intent WHERE member_id = NEW.id;
END;
--> statement-breakpoint
-- As before, and a member who was invited is their own actor.
DROP TRIGGER member_added;
--> statement-breakpoint
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
