ALTER TABLE `api_key` ADD `name_folded` text;--> statement-breakpoint
CREATE INDEX `api_key_not_folded` ON `api_key` (`id`) WHERE name_folded is null;--> statement-breakpoint
-- A name that is written without its folded form (by an older Worker during the upgrade, by SQL in hand) is folded
-- again by the reconciler, so that no search finds the name of before.
CREATE TRIGGER api_key_renamed AFTER UPDATE OF name ON api_key
WHEN NEW.name IS NOT OLD.name AND NEW.name_folded IS OLD.name_folded
BEGIN
  UPDATE api_key SET name_folded = NULL WHERE id = NEW.id;
END;
