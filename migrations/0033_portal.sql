CREATE TABLE `portal_session` (
	`id` text PRIMARY KEY NOT NULL,
	`digest` text NOT NULL,
	`account_id` text NOT NULL,
	`key_id` text NOT NULL,
	`external_id` text NOT NULL,
	`scopes` text NOT NULL,
	`environments` text NOT NULL,
	`rate_limit` text,
	`max_lifetime` integer,
	`max_keys` integer NOT NULL,
	`origin` text,
	`created_at` integer NOT NULL,
	`opened_at` integer,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `portal_session_digest_unique` ON `portal_session` (`digest`);--> statement-breakpoint
CREATE INDEX `portal_session_by_external_id` ON `portal_session` (`account_id`,`external_id`);