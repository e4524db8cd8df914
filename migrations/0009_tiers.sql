CREATE TABLE `tier_hourly` (
	`hour` integer NOT NULL,
	`region` text NOT NULL,
	`tier` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`hour`, `region`, `tier`)
);
