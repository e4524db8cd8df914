CREATE TABLE `reset_link` (
	`id` text PRIMARY KEY NOT NULL,
	`digest` text NOT NULL,
	`user_id` text,
	`origin` text NOT NULL,
	`account_id` text,
	`made_by` text,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `reset_link_digest_unique` ON `reset_link` (`digest`);--> statement-breakpoint
CREATE INDEX `reset_link_by_user` ON `reset_link` (`user_id`);--> statement-breakpoint
ALTER TABLE `member_intent` ADD `client` text;--> statement-breakpoint
ALTER TABLE `member_intent` ADD `request_id` text;--> statement-breakpoint
ALTER TABLE `session` ADD `network` text;--> statement-breakpoint
ALTER TABLE `session` ADD `password_salt` text;
--> statement-breakpoint
-- A sign-in may verify the old password before a reset and begin its session after it: such a session must not exist.
-- The part of a stored password before the colon is its salt, random for each.
CREATE TRIGGER session_of_replaced_password BEFORE INSERT ON session
WHEN NEW.password_salt IS NOT NULL AND NOT EXISTS (SELECT 1 FROM account
  WHERE account.user_id = NEW.user_id AND account.provider_id = 'credential'
    AND substr(account.password, 1, length(NEW.password_salt) + 1) = NEW.password_salt || ':')
BEGIN
  SELECT RAISE(ABORT, 'the password was replaced');
END;
--> statement-breakpoint
-- Whatever the road, a whole session is a sign-in: in the trail of every account of its person.
CREATE TRIGGER session_begun AFTER INSERT ON session WHEN NOT NEW.awaits_factor
BEGIN
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, subject_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), member.organization_id, 'person.signed_in', 'person', NEW.user_id, NEW.user_id,
      json_object('method', NEW.signed_in_with, 'address', NEW.network, 'browser', nullif(substr(NEW.user_agent, 1, 200), '')),
      CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM member WHERE member.user_id = NEW.user_id;
END;
--> statement-breakpoint
CREATE TRIGGER session_made_whole AFTER UPDATE OF awaits_factor ON session WHEN OLD.awaits_factor AND NOT NEW.awaits_factor
BEGIN
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, subject_id, detail, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), member.organization_id, 'person.signed_in', 'person', NEW.user_id, NEW.user_id,
      json_object('method', NEW.signed_in_with, 'address', NEW.network, 'browser', nullif(substr(NEW.user_agent, 1, 200), '')),
      CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM member WHERE member.user_id = NEW.user_id;
END;
--> statement-breakpoint
-- As before, and an intent also says from where a person acts, and by which request.
DROP TRIGGER invitation_made;
--> statement-breakpoint
CREATE TRIGGER invitation_made AFTER INSERT ON invitation
BEGIN
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, detail, request_id, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.organization_id, 'invitation.created', coalesce(intent.actor_kind, 'person'),
      coalesce(intent.actor_id, NEW.inviter_id),
      json_patch(json_object('email', NEW.email, 'role', NEW.role), coalesce(intent.client, '{}')), intent.request_id, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM (SELECT 1) LEFT JOIN member_intent AS intent ON intent.member_id = NEW.id;
  DELETE FROM member_intent WHERE member_id = NEW.id;
END;
--> statement-breakpoint
CREATE TRIGGER invitation_resent AFTER UPDATE OF expires_at ON invitation WHEN OLD.status = 'pending' AND NEW.status = 'pending'
BEGIN
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, detail, request_id, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.organization_id, 'invitation.resent', coalesce(intent.actor_kind, 'system'), intent.actor_id,
      json_patch(json_object('email', NEW.email, 'role', NEW.role), coalesce(intent.client, '{}')), intent.request_id, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM (SELECT 1) LEFT JOIN member_intent AS intent ON intent.member_id = NEW.id;
  DELETE FROM member_intent WHERE member_id = NEW.id;
END;
--> statement-breakpoint
-- Who accepts or rejects has an intent of their own, so that nobody's claim names another.
DROP TRIGGER invitation_ended;
--> statement-breakpoint
CREATE TRIGGER invitation_ended AFTER UPDATE OF status ON invitation WHEN NEW.status IS NOT OLD.status
BEGIN
  INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, detail, request_id, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), NEW.organization_id, 'invitation.' || NEW.status,
      CASE WHEN actor.id IS NULL THEN 'system' ELSE actor.kind END, actor.id,
      json_patch(json_object('email', NEW.email, 'role', NEW.role), coalesce(actor.client, '{}')), actor.request_id, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM (SELECT 1) LEFT JOIN (
      SELECT actor_id AS id, actor_kind AS kind, client, request_id FROM member_intent
        WHERE member_id = NEW.id AND NEW.status = 'canceled'
      UNION ALL
      SELECT user.id, 'person', intent.client, intent.request_id FROM user
        LEFT JOIN member_intent AS intent ON intent.member_id = 'answer/' || NEW.id || '/' || user.id
        WHERE user.email = NEW.email AND NEW.status <> 'canceled') AS actor;
  DELETE FROM member_intent WHERE member_id = NEW.id;
  DELETE FROM member_intent WHERE member_id IN (SELECT 'answer/' || NEW.id || '/' || id FROM user WHERE email = NEW.email);
END;
