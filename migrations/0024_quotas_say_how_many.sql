-- As before, and the refusal says how many an account may have. A quota of nothing holds for an account without a count,
-- and a rotation at or above its quota works: its successor has the meter of its predecessor, and takes its place.
DROP TRIGGER key_quota;
--> statement-breakpoint
CREATE TRIGGER key_quota BEFORE INSERT ON api_key
WHEN NEW.revoked_at IS NULL AND NEW.replaced_by IS NULL AND NEW.meter_id IS NULL
  AND NEW.account_id IS NOT (SELECT account_id FROM platform)
  AND coalesce((SELECT keys FROM account_count WHERE account_id = NEW.account_id), 0)
    >= coalesce((SELECT max_keys FROM account_control WHERE account_id = NEW.account_id), 100000)
  AND NOT EXISTS (SELECT 1 FROM api_key WHERE digest = NEW.digest)
BEGIN
  SELECT RAISE(ABORT, 'quota_exceeded: keys '
    || coalesce((SELECT max_keys FROM account_control WHERE account_id = NEW.account_id), 100000));
END;
--> statement-breakpoint
DROP TRIGGER member_quota;
--> statement-breakpoint
CREATE TRIGGER member_quota BEFORE INSERT ON member
WHEN NEW.organization_id IS NOT (SELECT account_id FROM platform)
  AND coalesce((SELECT members FROM account_count WHERE account_id = NEW.organization_id), 0)
    >= coalesce((SELECT max_members FROM account_control WHERE account_id = NEW.organization_id), 1000)
BEGIN
  SELECT RAISE(ABORT, 'quota_exceeded: members '
    || coalesce((SELECT max_members FROM account_control WHERE account_id = NEW.organization_id), 1000));
END;
--> statement-breakpoint
DROP TRIGGER endpoint_quota;
--> statement-breakpoint
CREATE TRIGGER endpoint_quota BEFORE INSERT ON webhook_endpoint
WHEN NEW.account_id IS NOT (SELECT account_id FROM platform)
  AND coalesce((SELECT endpoints FROM account_count WHERE account_id = NEW.account_id), 0)
    >= coalesce((SELECT max_endpoints FROM account_control WHERE account_id = NEW.account_id), 20)
BEGIN
  SELECT RAISE(ABORT, 'quota_exceeded: endpoints '
    || coalesce((SELECT max_endpoints FROM account_control WHERE account_id = NEW.account_id), 20));
END;
