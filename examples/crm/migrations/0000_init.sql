CREATE TABLE `broadcasts` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`name` text NOT NULL,
	`text` text NOT NULL,
	`recipients` integer NOT NULL,
	`sent` integer NOT NULL,
	`skipped` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `contacts` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`name` text NOT NULL,
	`phone` text,
	`email` text,
	`tags` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "contacts_reachable" CHECK("contacts"."phone" is not null or "contacts"."email" is not null)
);
--> statement-breakpoint
CREATE INDEX `contacts_page` ON `contacts` (`account_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `contacts_phone` ON `contacts` (`account_id`,`phone`,`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `conversations` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`contact_id` text,
	`phone` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_message_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `conversations_phone` ON `conversations` (`account_id`,`phone`);--> statement-breakpoint
CREATE INDEX `conversations_page` ON `conversations` (`account_id`,`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `messages` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`conversation_id` text NOT NULL,
	`contact_id` text,
	`broadcast_id` text,
	`phone` text NOT NULL,
	`direction` text NOT NULL,
	`status` text NOT NULL,
	`text` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `messages_page` ON `messages` (`account_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `messages_of_conversation` ON `messages` (`account_id`,`conversation_id`,`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `webhooks` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`url` text NOT NULL,
	`events` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `webhooks_page` ON `webhooks` (`account_id`,`created_at`,`id`);