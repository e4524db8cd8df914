CREATE TABLE `account_leaver` (
	`account_id` text NOT NULL,
	`user_id` text NOT NULL,
	PRIMARY KEY(`account_id`, `user_id`)
);
