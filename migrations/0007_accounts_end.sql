CREATE TABLE `attempt` (
	`key` text PRIMARY KEY NOT NULL,
	`count` integer NOT NULL,
	`ends_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `attempt_by_end` ON `attempt` (`ends_at`);--> statement-breakpoint
CREATE TABLE `deleted_account` (
	`account_id` text PRIMARY KEY NOT NULL,
	`deleted_at` integer NOT NULL,
	`purged_at` integer
);
--> statement-breakpoint
ALTER TABLE `organization` ADD `closes_at` integer;--> statement-breakpoint
ALTER TABLE `session` ADD `place` text;