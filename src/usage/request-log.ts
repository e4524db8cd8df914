// The last requests of one account, in the storage of its Durable Object: one row, rewritten when requests arrive.
import type { RequestSample } from './message.ts'
import {
  type LoggedRequest,
  merged,
  newestFirst,
  type Position,
  requestLifetimeMs,
} from './ring.ts'
import { stored } from './usage-calls.ts'

/** The requests of one message. */
export type LogPart = { id: string; requests: RequestSample[] }

export type LogFilter = { keyId?: string | undefined; code?: string | undefined }

type State = { requests: LoggedRequest[]; nextNo: number }

export class RequestLog {
  private state: State
  private readonly storage: DurableObjectStorage

  constructor(storage: DurableObjectStorage) {
    this.storage = storage
    this.state = this.load()
  }

  /** Adds the requests of messages, each once. */
  async add(parts: LogPart[]): Promise<typeof stored> {
    let { nextNo } = this.state
    const known = new Set(this.state.requests.map(({ id }) => id))
    const added = parts
      .flatMap(({ id, requests }) => requests.map((each, at) => ({ ...each, id: `${id}.${at}` })))
      .filter(({ id }) => !known.has(id))
      .sort((one, other) => one.at - other.at)
      .map((request) => ({ ...request, no: nextNo++ }))
    if (added.length === 0) return stored
    await this.save({ requests: merged(this.state.requests, added, Date.now()), nextNo })
    return stored
  }

  /** Newest first, after a position. */
  list(filter: LogFilter, after: Position | null, limit: number): LoggedRequest[] {
    const isAfter = (request: LoggedRequest) => after === null || newestFirst(after, request) < 0
    return this.current()
      .filter((request) => matches(request, filter) && isAfter(request))
      .slice(0, limit)
  }

  /** What arrived since the number, in the order of arrival, and the number to go on from; null: only that number. */
  since(no: number | null, filter: LogFilter): { requests: LoggedRequest[]; next: number } {
    const next = this.state.nextNo
    // A log that was deleted begins again at zero.
    if (no === null || no > next) return { requests: [], next }
    const news = this.current().filter((request) => request.no >= no && matches(request, filter))
    return { requests: news.sort((one, other) => one.no - other.no), next }
  }

  /** Deletes all of it, as part of deleting the account. */
  async forget(): Promise<typeof stored> {
    this.state = empty
    await this.storage.deleteAll()
    return stored
  }

  /** Deletes what is too old, of accounts without requests as well. */
  async prune(): Promise<void> {
    const requests = this.current()
    if (requests.length === 0) await this.forget()
    else await this.save({ ...this.state, requests })
  }

  private current(): LoggedRequest[] {
    return merged(this.state.requests, [], Date.now())
  }

  private async save(state: State): Promise<void> {
    const { sql } = this.storage
    sql.exec('CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT)')
    sql.exec('INSERT OR REPLACE INTO log VALUES (1, ?)', JSON.stringify(state))
    this.state = state
    const oldest = state.requests.at(-1)
    if (oldest !== undefined && (await this.storage.getAlarm()) === null) {
      await this.storage.setAlarm(oldest.at + requestLifetimeMs)
    }
  }

  /** A log that is only read occupies no storage. */
  private load(): State {
    const { sql } = this.storage
    const tables = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'log'"
    if (sql.exec(tables).toArray().length === 0) return empty
    const [row] = sql.exec<{ json: string }>('SELECT json FROM log').toArray()
    return row === undefined ? empty : JSON.parse(row.json)
  }
}

const empty: State = { requests: [], nextNo: 0 }

function matches(request: LoggedRequest, { keyId, code }: LogFilter): boolean {
  return (
    (keyId === undefined || request.keyId === keyId) &&
    (code === undefined || request.code === code)
  )
}
