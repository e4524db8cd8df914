// workerd with several isolates of the Worker in several locations, on one D1, one KV and one set of fences.
import { readdirSync, readFileSync } from 'node:fs'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { readShards } from '../../src/usage/read-shards.ts'
import { monthOf, namesIn } from '../../src/usage/shards.ts'
import { migrate } from '../../test/support/system/migrate.ts'
import { workerOptions } from '../../test/support/system/worker-options.ts'
import { addCounts, type Command, commandPath, type FaultCounts } from './commands.ts'

/** The location of each isolate and its nearest fence; two isolates share one. */
const places = [
  { fence: 'weur/0-of-1', latitude: '48.9', longitude: '2.4' },
  { fence: 'weur/0-of-1', latitude: '52.4', longitude: '4.9' },
  { fence: 'enam/0-of-1', latitude: '40.7', longitude: '-74' },
  { fence: 'apac-ne/0-of-1', latitude: '35.7', longitude: '139.7' },
] as const

export const isolateCount = places.length
export const fences = [...new Set(places.map(({ fence }) => fence))]

const shards = readShards(String(workerOptions().bindings.USAGE_SHARDS))
/** The usage objects of this month. */
export const usageObjects = () => namesIn(shards, monthOf(Date.now()))
export const requestLogOf = (account: string) => `requests/${account}`

const baseUrl = 'http://localhost:8787'

export type Workerd = Awaited<ReturnType<typeof startWorkerd>>

export async function startWorkerd(folder: string, scriptPath: string) {
  const options = optionsOf(folder, scriptPath)
  const miniflare = new Miniflare(options as never)
  await miniflare.ready
  const db = await miniflare.getD1Database('DB', nameOf(0))
  await migrate(miniflare, { worker: nameOf(0), which: (_, binding) => binding === 'DB' })
  const owner = await createOwner(db)
  let urls = await urlsOf(miniflare)

  async function send<T>(isolate: number, command: Command): Promise<T> {
    const body = JSON.stringify(command)
    const response = await fetch(new URL(commandPath, urls[isolate]), { method: 'POST', body })
    if (!response.ok) {
      throw new Error(`${command.command}: ${response.status} ${await response.text()}`)
    }
    return (await response.json()) as T
  }

  return {
    owner,
    url: (isolate: number) => urls[isolate] as URL,
    send,
    sendAll: (command: Command) =>
      Promise.all(places.map((_, isolate) => send(isolate, command))).then(() => {}),
    /** Faults injected in all isolates since workerd was started. */
    async injectedFaults(): Promise<FaultCounts> {
      const all: FaultCounts = {}
      for (const isolate of places.keys()) {
        addCounts(all, await send<FaultCounts>(isolate, { command: 'count' }))
      }
      return all
    },
    /** Kills workerd with every isolate, fence and request in flight; storage survives. */
    async restart(): Promise<void> {
      await miniflare.setOptions(optionsOf(folder, scriptPath) as never)
      urls = await urlsOf(miniflare)
    },
    /** Queries D1 without faults. */
    async rows<Row>(sql: string): Promise<Row[]> {
      const database = await miniflare.getD1Database('DB', nameOf(0))
      return (await database.prepare(sql).all<Row>()).results
    },
    residentMegabytes,
    stop: () => miniflare.dispose(),
  }
}

const nameOf = (isolate: number) => `latchkey-${isolate}`

function urlsOf(miniflare: Miniflare): Promise<URL[]> {
  return Promise.all(places.map((_, isolate) => miniflare.unsafeGetDirectURL(nameOf(isolate))))
}

function optionsOf(folder: string, scriptPath: string) {
  const { queueConsumers, durableObjects, ...options } = workerOptions({
    BASE_URL: baseUrl,
    LOG_SAMPLE: '0',
  })
  const workers = places.map(({ latitude, longitude }, isolate) => ({
    ...options,
    name: nameOf(isolate),
    rootPath: folder,
    modules: true,
    scriptPath,
    bindings: { ...options.bindings, PLACE: { latitude, longitude } },
    durableObjects: isolate === 0 ? durableObjects : hostedByFirst(durableObjects as object),
    ...(isolate === 0 ? { queueConsumers } : {}),
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
  }))
  // Logs of the injected failures would fill the disk.
  const quiet = { handleStructuredLogs() {} }
  return { ...convertV4MiniflareOptions({ workers } as never), ...quiet }
}

/** The first Worker hosts the Durable Objects; the others bind to it. */
function hostedByFirst(durableObjects: object): object {
  const entries = Object.entries(durableObjects) as [string, { className: string } | string][]
  return Object.fromEntries(
    entries.map(([binding, object]) => {
      const className = typeof object === 'string' ? object : object.className
      return [binding, { className, scriptName: nameOf(0) }]
    }),
  )
}

/** The resident memory of this process's workerd, or null while there is none. */
function residentMegabytes(): number | null {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      if (!/^Name:\s*workerd$/m.test(status)) continue
      if (Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]) !== process.pid) continue
      const kilobytes = Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1])
      // A process that is exiting has no VmRSS.
      return Number.isNaN(kilobytes) ? null : kilobytes / 1024
    } catch {
      // The process ended after it was listed.
    }
  }
  return null
}

type Database = Awaited<ReturnType<Miniflare['getD1Database']>>

/** An account and its owner, whose JWTs are signed by a key in D1. */
async function createOwner(db: Database) {
  const [account, user, kid] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()]
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  const jwk = JSON.stringify(await exportJWK(publicKey))
  const now = Date.now()
  const insert = (sql: string, ...values: unknown[]) => db.prepare(sql).bind(...values)
  await db.batch([
    insert(
      'INSERT INTO organization (id, name, slug, created_at) VALUES (?, ?, ?, ?)',
      account,
      'Soak Ltd',
      account,
      now,
    ),
    insert(
      'INSERT INTO user (id, name, email, email_verified, created_at, updated_at) VALUES (?, ?, ?, 1, ?, ?)',
      user,
      'Owner',
      'owner@soak.test',
      now,
      now,
    ),
    insert(
      'INSERT INTO member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, ?, ?)',
      crypto.randomUUID(),
      account,
      user,
      'owner',
      now,
    ),
    insert(
      'INSERT INTO jwks (id, public_key, private_key, created_at) VALUES (?, ?, ?, ?)',
      kid,
      jwk,
      '',
      now,
    ),
  ])
  let signed = { token: '', until: 0 }
  return {
    account,
    async jwt(): Promise<string> {
      if (Date.now() < signed.until) return signed.token
      const token = await new SignJWT({ account })
        .setProtectedHeader({ alg: 'EdDSA', kid })
        .setSubject(user)
        .setIssuer(baseUrl)
        .setAudience('management')
        .setIssuedAt()
        .setExpirationTime('15m')
        .sign(privateKey)
      signed = { token, until: Date.now() + 10 * 60_000 }
      return token
    },
  }
}
