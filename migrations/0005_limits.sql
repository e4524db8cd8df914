ALTER TABLE `api_key` ADD `rate_limit` text;--> statement-breakpoint
ALTER TABLE `api_key` ADD `credits` text;--> statement-breakpoint
ALTER TABLE `api_key` ADD `limits_by` text DEFAULT 'key' NOT NULL;--> statement-breakpoint
ALTER TABLE `api_key` ADD `meter_id` text;