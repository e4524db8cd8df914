// Every call that changes something fails once, in a run of its own; the next run makes it whole.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Fault } from './cloudflare.ts'
import { deploy, secretValues } from './deployment.ts'
import { assertSecrecy, assertWhole } from './expectations.ts'
import { openCloudflare } from './open.ts'

const places: [string, string, Fault['how'][]][] = [
  ['the KV namespace is made', 'POST /storage/kv/namespaces', ['lose']],
  ['a database is made', 'POST /d1/database', ['lose']],
  ['a queue is made', 'POST /queues', ['refuse']],
  ['the Worker is uploaded', 'PUT /workers/scripts/latchkey', ['refuse', 'lose']],
  ['it is scheduled', 'PUT /workers/scripts/latchkey/schedules', ['refuse']],
  ['a database is migrated', 'POST /d1/database/[^/]+/query', ['refuse', 'lose']],
  ['the address is told to it', 'POST /workers/scripts/latchkey/versions', ['refuse']],
]

/** BRIEF=yes: only where most can go wrong, an answer that is lost. Each takes half a minute of wrangler. */
const isBrief = process.env.BRIEF === 'yes'
const brief = ['the Worker is uploaded', 'a database is migrated']

export function testFailures(): void {
  for (const [name, pattern, ways] of places) {
    if (isBrief && !brief.includes(name)) continue
    for (const how of isBrief ? (['lose'] as const) : ways) {
      it(`is made whole by a second run when ${how === 'lose' ? 'the answer is lost as' : 'Cloudflare fails as'} ${name}`, async (test) => {
        const cloudflare = await openCloudflare(test)
        let struck = false
        const at: Fault['at'] = ({ method, path, changes }) => {
          const strikes = changes && new RegExp(`^${pattern}$`).test(`${method} ${path}`)
          struck ||= strikes
          return strikes
        }
        cloudflare.fault = { at, how }
        const first = await deploy(cloudflare)
        assert.ok(struck, 'the fault struck')
        // Wrangler itself repeats some calls whose answer was lost.
        if (how === 'refuse') assert.equal(first.code, 1, first.output)
        const before = secretValues(cloudflare)
        const second = await deploy(cloudflare)
        assert.equal(second.code, 0, `${first.output}\n\n${second.output}`)
        assertWhole(cloudflare)
        assertSecrecy(cloudflare, second)
        // What was stored by the first run is what is stored now.
        assert.deepEqual({ ...secretValues(cloudflare), ...before }, secretValues(cloudflare))
      })
    }
  }
}
