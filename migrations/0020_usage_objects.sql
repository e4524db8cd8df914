-- Usage is counted in objects of its own (src/usage/usage-object.ts).
DROP TABLE `usage_hourly`;
--> statement-breakpoint
DROP TABLE `usage_batch`;
--> statement-breakpoint
DROP TABLE `tier_hourly`;
