// The state of the fake API: the Worker and the resources of one account.
import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'

export type Binding = { name: string; type: string; [field: string]: unknown }
export type Version = { id: string; bindings: Binding[] }

export type Worker = {
  versions: Version[]
  /** Latest deployment: the versions that share the traffic. */
  deployed: { version_id: string; percentage: number }[]
  crons: string[]
  domains: string[]
}

export type World = {
  loggedIn: boolean
  /** `latchkey`. */
  worker: Worker | null
  /** `latchkey-staging`. */
  staging: Worker | null
  databases: { name: string; uuid: string; sql: DatabaseSync }[]
  namespaces: { title: string; id: string }[]
  queues: { name: string; id: string; consumers: object[] }[]
}

export function emptyCloud(): World {
  return { loggedIn: true, worker: null, staging: null, databases: [], namespaces: [], queues: [] }
}

export function createDatabase(name: string): World['databases'][number] {
  return { name, uuid: randomUUID(), sql: new DatabaseSync(':memory:') }
}

/** As D1: all statements of one call, or none. */
export function query(sql: DatabaseSync, text: string): object[] {
  if (/^\s*(select|pragma)/i.test(text))
    return sql.prepare(text.split(';')[0] ?? '').all() as object[]
  sql.exec('BEGIN')
  try {
    sql.exec(text)
    sql.exec('COMMIT')
  } catch (error) {
    sql.exec('ROLLBACK')
    throw error
  }
  return []
}

/** The error in the bindings of an upload, or null. */
export function bindingError(world: World, bindings: Binding[], before: Binding[]): string | null {
  for (const binding of bindings) {
    const { name, type } = binding
    if (type === 'inherit' && !before.some((one) => one.name === name))
      return `inherit binding '${name}' is invalid`
    if (type === 'd1' && !world.databases.some(({ uuid }) => uuid === binding.id))
      return `binding ${name} of type d1 must have a valid \`id\` specified`
    if (type === 'kv_namespace' && !world.namespaces.some(({ id }) => id === binding.namespace_id))
      return `KV namespace '${binding.namespace_id}' not found`
    if (type === 'queue' && !world.queues.some((queue) => queue.name === binding.queue_name))
      return `Queue '${binding.queue_name}' does not exist`
  }
  return null
}
