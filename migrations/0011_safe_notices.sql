-- A change of a key never fails because a notice of it cannot be made. SQLite refuses JSON deeper than 1,000 levels,
-- so what would be refused inside the notice is null there.
DROP TRIGGER webhook_event_of_audit;
--> statement-breakpoint
DROP TRIGGER webhook_delivery_of_event;
--> statement-breakpoint
DROP VIEW webhook_subject;
--> statement-breakpoint
-- A key as webhooks show it: never its digest. Times are milliseconds since 1970. Metadata is checked at the depth
-- that it has in the notice.
CREATE VIEW webhook_subject AS
SELECT api_key.id AS key_id, json_object(
  'account', json_object('id', api_key.account_id, 'name', organization.name),
  'key', json_object(
    'id', api_key.id, 'name', api_key.name, 'key_prefix', api_key.key_prefix, 'format', api_key.format,
    'scopes', iif(json_valid(api_key.scopes), json(api_key.scopes), NULL),
    'disabled', api_key.disabled, 'external_id', api_key.external_id,
    'metadata', iif(json_valid(api_key.metadata) AND json_valid('{"key":{"metadata":' || api_key.metadata || '}}'),
      json(api_key.metadata), NULL),
    'created_by', api_key.created_by,
    'created_at', api_key.created_at, 'expires_at', api_key.expires_at,
    'revoked_at', api_key.revoked_at, 'revoked_by', api_key.revoked_by,
    'replaced_by', api_key.replaced_by)) AS data
FROM api_key LEFT JOIN organization ON organization.id = api_key.account_id;
--> statement-breakpoint
CREATE TRIGGER webhook_event_of_audit AFTER INSERT ON audit_event
WHEN NEW.action IN ('key.created', 'key.imported', 'key.updated', 'key.rotated', 'key.revoked')
  AND EXISTS (SELECT 1 FROM webhook_endpoint WHERE account_id = NEW.account_id AND enabled)
BEGIN
  INSERT OR IGNORE INTO webhook_event (id, account_id, type, data, created_at)
    SELECT event.id, NEW.account_id, event.type,
      json_set(subject.data,
        '$.actor', json_object('kind', NEW.actor_kind, 'id', NEW.actor_id),
        '$.request_id', NEW.request_id,
        '$.detail', iif(json_valid(NEW.detail) AND json_valid('{"detail":' || NEW.detail || '}'),
          json(NEW.detail), NULL)),
      NEW.created_at
    FROM webhook_subject AS subject, (
      SELECT NEW.action AS type, NEW.id AS id
      UNION ALL
      SELECT 'key.leaked', lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))
      WHERE NEW.action = 'key.revoked' AND iif(json_valid(NEW.detail), NEW.detail ->> 'reason', NULL) = 'leaked'
    ) AS event
    WHERE subject.key_id = NEW.key_id;
END;
--> statement-breakpoint
-- A ping goes to one endpoint, which its writer names.
CREATE TRIGGER webhook_delivery_of_event AFTER INSERT ON webhook_event WHEN NEW.type <> 'ping'
BEGIN
  INSERT OR IGNORE INTO webhook_delivery (id, event_id, endpoint_id, status, next_attempt_at, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
      NEW.id, endpoint.id, 'pending', NEW.created_at, NEW.created_at
    FROM webhook_endpoint AS endpoint
    WHERE endpoint.account_id = NEW.account_id AND endpoint.enabled
      AND (endpoint.events IS NULL
        OR NEW.type IN (SELECT value FROM json_each(iif(json_valid(endpoint.events), endpoint.events, '[]'))));
END;
