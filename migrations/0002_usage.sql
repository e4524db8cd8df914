CREATE TABLE `usage_batch` (
	`id` text PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE TABLE `usage_hourly` (
	`key_id` text NOT NULL,
	`hour` integer NOT NULL,
	`code` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`key_id`, `hour`, `code`)
);
--> statement-breakpoint
CREATE INDEX `usage_hourly_by_age` ON `usage_hourly` (`hour`);