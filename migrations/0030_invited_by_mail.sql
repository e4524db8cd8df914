CREATE TABLE `mail_notice` (
	`once_as` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`batch` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `mail_notice_by_batch` ON `mail_notice` (`batch`);--> statement-breakpoint
ALTER TABLE `invitation` ADD `token_digest` text;--> statement-breakpoint
ALTER TABLE `invitation` ADD `mailed` integer DEFAULT false NOT NULL;
--> statement-breakpoint
-- A message about an invitation that has ended would bring a link that joins nobody.
CREATE TRIGGER invitation_mail_ends AFTER UPDATE OF status ON invitation WHEN NEW.status <> 'pending'
BEGIN
  DELETE FROM mail WHERE account_id = NEW.organization_id AND status = 'pending' AND data ->> 'invitation_id' = NEW.id;
END;
--> statement-breakpoint
-- Mail holds addresses and names: none outlives its account or its person.
CREATE TRIGGER account_mail_ends AFTER DELETE ON organization
BEGIN
  DELETE FROM mail WHERE account_id = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER person_mail_ends AFTER DELETE ON user
BEGIN
  DELETE FROM mail WHERE user_id = OLD.id;
END;
