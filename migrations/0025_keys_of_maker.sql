-- The keys of an account that a person or a key made: `api_key_by_maker` has those of all accounts, for `max_keys`.
CREATE INDEX `api_key_of_maker` ON `api_key` (`account_id`,`made_by`,`revoked_at`);
