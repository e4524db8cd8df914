-- The keys of a format, and so of an environment: in any state, and counted while they are active.
CREATE INDEX `api_key_by_format` ON `api_key` (`account_id`,`format`,`revoked_at`,`disabled`,`expires_at`);
