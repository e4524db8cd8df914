CREATE TABLE `account_control` (
	`account_id` text PRIMARY KEY NOT NULL,
	`suspended_at` integer,
	`deleted_by_platform` integer DEFAULT false NOT NULL,
	`max_keys` integer,
	`max_members` integer,
	`max_endpoints` integer,
	`max_changes_per_minute` integer
);
--> statement-breakpoint
CREATE TABLE `account_count` (
	`account_id` text PRIMARY KEY NOT NULL,
	`keys` integer DEFAULT 0 NOT NULL,
	`members` integer DEFAULT 0 NOT NULL,
	`endpoints` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `platform` (
	`id` integer PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	CONSTRAINT "platform_has_one_row" CHECK("platform"."id" = 1)
);
--> statement-breakpoint
CREATE INDEX `invitation_pending_by_inviter` ON `invitation` (`inviter_id`) WHERE status = 'pending';--> statement-breakpoint
CREATE INDEX `organization_by_creation` ON `organization` (`created_at`);
--> statement-breakpoint
ALTER TABLE `member_intent` ADD `actor_kind` text DEFAULT 'person' NOT NULL;
--> statement-breakpoint
-- Of a deployment with accounts, the oldest one operates it.
INSERT INTO platform (id, account_id)
  SELECT 1, id FROM organization WHERE closes_at IS NULL ORDER BY created_at, rowid LIMIT 1;
--> statement-breakpoint
INSERT INTO account_count (account_id, keys, members, endpoints)
  SELECT id,
    (SELECT count(*) FROM api_key WHERE account_id = organization.id AND revoked_at IS NULL AND replaced_by IS NULL),
    (SELECT count(*) FROM member WHERE organization_id = organization.id),
    (SELECT count(*) FROM webhook_endpoint WHERE account_id = organization.id)
  FROM organization;
--> statement-breakpoint
-- The mark never moves to another account.
CREATE TRIGGER platform_is_never_updated BEFORE UPDATE ON platform
BEGIN
  SELECT RAISE(ABORT, 'the platform account stays');
END;
--> statement-breakpoint
CREATE TRIGGER platform_is_not_closed BEFORE UPDATE OF closes_at ON organization
WHEN NEW.closes_at IS NOT NULL AND NEW.id = (SELECT account_id FROM platform)
BEGIN
  SELECT RAISE(ABORT, 'the platform account stays');
END;
--> statement-breakpoint
CREATE TRIGGER platform_is_not_suspended BEFORE INSERT ON account_control
WHEN NEW.suspended_at IS NOT NULL AND NEW.account_id = (SELECT account_id FROM platform)
BEGIN
  SELECT RAISE(ABORT, 'the platform account stays');
END;
--> statement-breakpoint
CREATE TRIGGER platform_is_not_suspended_later BEFORE UPDATE ON account_control
WHEN NEW.suspended_at IS NOT NULL AND NEW.account_id = (SELECT account_id FROM platform)
BEGIN
  SELECT RAISE(ABORT, 'the platform account stays');
END;
--> statement-breakpoint
-- A suspension concerns every key of the account.
CREATE TRIGGER account_suspended AFTER INSERT ON account_control WHEN NEW.suspended_at IS NOT NULL
BEGIN
  INSERT INTO account_change VALUES (NEW.account_id);
END;
--> statement-breakpoint
CREATE TRIGGER account_suspension_changed AFTER UPDATE OF suspended_at ON account_control
WHEN (OLD.suspended_at IS NULL) <> (NEW.suspended_at IS NULL)
BEGIN
  INSERT INTO account_change VALUES (NEW.account_id);
END;
--> statement-breakpoint
-- Whoever writes: only keys of the platform act in other accounts.
CREATE TRIGGER platform_scopes_of_new_key BEFORE INSERT ON api_key
WHEN NEW.scopes LIKE '%"platform:%' AND NEW.account_id IS NOT (SELECT account_id FROM platform)
BEGIN
  SELECT RAISE(ABORT, 'scopes of the platform in another account');
END;
--> statement-breakpoint
CREATE TRIGGER platform_scopes_of_key BEFORE UPDATE OF scopes ON api_key
WHEN NEW.scopes LIKE '%"platform:%' AND NEW.account_id IS NOT (SELECT account_id FROM platform)
BEGIN
  SELECT RAISE(ABORT, 'scopes of the platform in another account');
END;
--> statement-breakpoint
-- Quotas, whoever writes; the platform has none. A key that was rotated counts once, as the newest of its rotation.
CREATE TRIGGER key_quota BEFORE INSERT ON api_key
WHEN NEW.revoked_at IS NULL AND NEW.replaced_by IS NULL AND NEW.account_id IS NOT (SELECT account_id FROM platform)
  AND (SELECT keys FROM account_count WHERE account_id = NEW.account_id)
    >= coalesce((SELECT max_keys FROM account_control WHERE account_id = NEW.account_id), 100000) AND NOT EXISTS (SELECT 1 FROM api_key WHERE digest = NEW.digest)
BEGIN
  SELECT RAISE(ABORT, 'quota_exceeded: keys');
END;
--> statement-breakpoint
CREATE TRIGGER member_quota BEFORE INSERT ON member
WHEN NEW.organization_id IS NOT (SELECT account_id FROM platform)
  AND (SELECT members FROM account_count WHERE account_id = NEW.organization_id)
    >= coalesce((SELECT max_members FROM account_control WHERE account_id = NEW.organization_id), 1000)
BEGIN
  SELECT RAISE(ABORT, 'quota_exceeded: members');
END;
--> statement-breakpoint
CREATE TRIGGER endpoint_quota BEFORE INSERT ON webhook_endpoint
WHEN NEW.account_id IS NOT (SELECT account_id FROM platform)
  AND (SELECT endpoints FROM account_count WHERE account_id = NEW.account_id)
    >= coalesce((SELECT max_endpoints FROM account_control WHERE account_id = NEW.account_id), 20)
BEGIN
  SELECT RAISE(ABORT, 'quota_exceeded: endpoints');
END;
--> statement-breakpoint
CREATE TRIGGER key_counted AFTER INSERT ON api_key
WHEN NEW.revoked_at IS NULL AND NEW.replaced_by IS NULL
BEGIN
  INSERT INTO account_count (account_id, keys) VALUES (NEW.account_id, 1)
    ON CONFLICT (account_id) DO UPDATE SET keys = keys + 1;
END;
--> statement-breakpoint
CREATE TRIGGER key_counted_no_more AFTER UPDATE OF revoked_at, replaced_by ON api_key
WHEN OLD.revoked_at IS NULL AND OLD.replaced_by IS NULL AND (NEW.revoked_at IS NOT NULL OR NEW.replaced_by IS NOT NULL)
BEGIN
  UPDATE account_count SET keys = keys - 1 WHERE account_id = NEW.account_id;
END;
--> statement-breakpoint
CREATE TRIGGER member_counted AFTER INSERT ON member
BEGIN
  INSERT INTO account_count (account_id, members) VALUES (NEW.organization_id, 1)
    ON CONFLICT (account_id) DO UPDATE SET members = members + 1;
END;
--> statement-breakpoint
CREATE TRIGGER member_counted_no_more AFTER DELETE ON member
BEGIN
  UPDATE account_count SET members = members - 1 WHERE account_id = OLD.organization_id;
END;
--> statement-breakpoint
CREATE TRIGGER endpoint_counted AFTER INSERT ON webhook_endpoint
BEGIN
  INSERT INTO account_count (account_id, endpoints) VALUES (NEW.account_id, 1)
    ON CONFLICT (account_id) DO UPDATE SET endpoints = endpoints + 1;
END;
--> statement-breakpoint
CREATE TRIGGER endpoint_counted_no_more AFTER DELETE ON webhook_endpoint
BEGIN
  UPDATE account_count SET endpoints = endpoints - 1 WHERE account_id = OLD.account_id;
END;
--> statement-breakpoint
-- What the platform does to an account stands in its own trail too, with who it was. Of the account's data only
-- ids: they outlive it there.
CREATE TRIGGER platform_acts AFTER INSERT ON audit_event WHEN NEW.actor_kind = 'platform'
BEGIN
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, detail, request_id, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), platform.account_id, NEW.action,
      CASE WHEN EXISTS (SELECT 1 FROM user WHERE id = NEW.actor_id) THEN 'person' ELSE 'key' END, NEW.actor_id,
      json_patch(CASE WHEN NEW.action LIKE 'account.%' THEN coalesce(NEW.detail, '{}') ELSE '{}' END,
        json_object('account_id', NEW.account_id, 'key_id', NEW.key_id)),
      NEW.request_id, NEW.created_at
    FROM platform WHERE platform.account_id <> NEW.account_id;
END;
--> statement-breakpoint
-- Invitations by a person who loses power in the platform end with it, in every account.
CREATE TRIGGER former_platform_power_ends AFTER INSERT ON former_power WHEN NEW.account_id = (SELECT account_id FROM platform)
BEGIN
  UPDATE invitation SET status = 'canceled' WHERE inviter_id = NEW.user_id AND status = 'pending'
    AND NOT EXISTS (SELECT 1 FROM member
      WHERE member.organization_id = invitation.organization_id AND member.user_id = NEW.user_id);
END;
--> statement-breakpoint
-- As before, and an intent also names who renames an account, and the platform where it invites.
DROP TRIGGER account_renamed;
--> statement-breakpoint
CREATE TRIGGER account_renamed AFTER UPDATE OF name ON organization WHEN OLD.name IS NOT NEW.name
BEGIN
  INSERT INTO account_change VALUES (NEW.id);
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.id, 'account.renamed', coalesce(intent.actor_kind, 'system'), intent.actor_id,
      json_object('from', OLD.name, 'to', NEW.name), CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM (SELECT 1) LEFT JOIN member_intent AS intent ON intent.member_id = NEW.id;
  DELETE FROM member_intent WHERE member_id = NEW.id;
END;
--> statement-breakpoint
DROP TRIGGER invitation_made;
--> statement-breakpoint
CREATE TRIGGER invitation_made AFTER INSERT ON invitation
BEGIN
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.organization_id, 'invitation.created', coalesce(intent.actor_kind, 'person'),
      coalesce(intent.actor_id, NEW.inviter_id), json_object('email', NEW.email, 'role', NEW.role), CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM (SELECT 1) LEFT JOIN member_intent AS intent ON intent.member_id = NEW.id;
  DELETE FROM member_intent WHERE member_id = NEW.id;
END;
--> statement-breakpoint
DROP TRIGGER invitation_ended;
--> statement-breakpoint
CREATE TRIGGER invitation_ended AFTER UPDATE OF status ON invitation WHEN NEW.status IS NOT OLD.status
BEGIN
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.organization_id, 'invitation.' || NEW.status,
      CASE WHEN actor.id IS NULL THEN 'system' ELSE actor.kind END, actor.id,
      json_object('email', NEW.email, 'role', NEW.role), CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM (SELECT 1) LEFT JOIN (
      SELECT actor_id AS id, actor_kind AS kind FROM member_intent
        WHERE member_id = NEW.id AND NEW.status = 'canceled'
      UNION ALL
      SELECT id, 'person' FROM user WHERE email = NEW.email AND NEW.status <> 'canceled') AS actor;
  DELETE FROM member_intent WHERE member_id = NEW.id;
END;
