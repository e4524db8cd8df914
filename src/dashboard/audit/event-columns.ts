// The columns of exported events. Pure.
import type { CsvColumns } from '../ui/csv.ts'
import type { AuditEvent } from './api.ts'
import { changeText, eventChanges } from './event-changes.ts'
import { actionName, eventDetails } from './event-text.ts'

export const eventColumns: CsvColumns<AuditEvent> = {
  time: ({ created_at }) => created_at,
  action: ({ action }) => action,
  event: ({ action }) => actionName(action),
  changes: (event) => eventChanges(event).map(changeText).join('; '),
  details: eventDetails,
  key_id: ({ key_id }) => key_id,
  key_name: ({ key_name }) => key_name,
  subject_id: ({ subject_id }) => subject_id,
  subject_name: ({ subject_name }) => subject_name,
  actor_kind: ({ actor }) => actor.kind,
  actor_id: ({ actor }) => actor.id,
  actor_name: ({ actor }) => actor.name,
  request_id: ({ request_id }) => request_id,
  id: ({ id }) => id,
  detail: ({ detail }) => detail && JSON.stringify(detail),
}
