DROP INDEX `api_key_by_account`;--> statement-breakpoint
DROP INDEX `api_key_by_creator`;--> statement-breakpoint
DROP INDEX `api_key_by_maker`;--> statement-breakpoint
DROP INDEX `api_key_by_external_id`;--> statement-breakpoint
CREATE INDEX `api_key_by_name` ON `api_key` (`account_id`,`name_folded`);--> statement-breakpoint
CREATE INDEX `api_key_by_end` ON `api_key` (`account_id`,`expires_at`);--> statement-breakpoint
CREATE INDEX `api_key_by_use` ON `api_key` (`account_id`,`last_used_at`);--> statement-breakpoint
CREATE INDEX `api_key_unrevoked` ON `api_key` (`account_id`,`created_at`) WHERE revoked_at is null;--> statement-breakpoint
CREATE INDEX `api_key_revoked` ON `api_key` (`account_id`,`created_at`) WHERE revoked_at is not null;--> statement-breakpoint
CREATE INDEX `api_key_disabled` ON `api_key` (`account_id`,`created_at`) WHERE disabled = 1 and revoked_at is null;--> statement-breakpoint
CREATE INDEX `api_key_for_review` ON `api_key` (`account_id`,`created_at`) WHERE needs_review = 1 and revoked_at is null;--> statement-breakpoint
CREATE INDEX `api_key_by_prefix` ON `api_key` (`account_id`,`key_prefix`);--> statement-breakpoint
CREATE INDEX `api_key_inheriting` ON `api_key` (`account_id`,`created_by`) WHERE scopes is null;--> statement-breakpoint
CREATE INDEX `api_key_by_grantor` ON `api_key` (`account_id`,`granted_by`) WHERE granted_by is not null;--> statement-breakpoint
CREATE INDEX `api_key_by_account` ON `api_key` (`account_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `api_key_by_creator` ON `api_key` (`account_id`,`created_by`,`revoked_at`);--> statement-breakpoint
CREATE INDEX `api_key_by_maker` ON `api_key` (`made_by`,`replaced_by`,`meter_id`) WHERE revoked_at is null;--> statement-breakpoint
CREATE INDEX `api_key_by_external_id` ON `api_key` (`account_id`,`external_id`,`revoked_at`) WHERE external_id is not null;--> statement-breakpoint
DROP INDEX `audit_event_by_account`;--> statement-breakpoint
CREATE INDEX `audit_event_by_account` ON `audit_event` (`account_id`,`created_at`);--> statement-breakpoint
ALTER TABLE `deleted_account` ADD `erased_to` text;--> statement-breakpoint
CREATE INDEX `deleted_account_left` ON `deleted_account` (`deleted_at`) WHERE purged_at is null;--> statement-breakpoint
CREATE INDEX `idempotency_by_account` ON `idempotency` (`account_id`);--> statement-breakpoint
CREATE INDEX `organization_closing` ON `organization` (`closes_at`) WHERE closes_at is not null;--> statement-breakpoint
CREATE INDEX `webhook_delivery_by_status` ON `webhook_delivery` (`endpoint_id`,`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `webhook_event_by_account` ON `webhook_event` (`account_id`);