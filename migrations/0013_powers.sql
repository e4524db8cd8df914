ALTER TABLE `api_key` ADD `may_grant` text;--> statement-breakpoint
ALTER TABLE `api_key` ADD `made_by` text;--> statement-breakpoint
ALTER TABLE `api_key` ADD `granted_by` text;--> statement-breakpoint
ALTER TABLE `api_key` ADD `needs_review` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `api_key_by_maker` ON `api_key` (`made_by`) WHERE revoked_at is null;