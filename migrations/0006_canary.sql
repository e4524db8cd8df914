CREATE TABLE `canary_run` (
	`started_at` integer PRIMARY KEY NOT NULL,
	`ended_at` integer NOT NULL,
	`outcome` text NOT NULL,
	`revocation_ms` integer,
	`regions` text NOT NULL,
	`problem` text
);
