CREATE TABLE `mail` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text,
	`user_id` text,
	`to_address` text NOT NULL,
	`template` text NOT NULL,
	`data` text NOT NULL,
	`sealed_token` text,
	`status` text DEFAULT 'pending' NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`next_attempt_at` integer NOT NULL,
	`expires_at` integer,
	`last_error` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `mail_due` ON `mail` (`next_attempt_at`) WHERE status = 'pending';--> statement-breakpoint
CREATE INDEX `mail_by_age` ON `mail` (`created_at`);--> statement-breakpoint
CREATE INDEX `mail_by_account` ON `mail` (`account_id`);--> statement-breakpoint
CREATE INDEX `mail_by_user` ON `mail` (`user_id`);