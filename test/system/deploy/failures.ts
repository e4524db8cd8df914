// Every call that writes fails once, each in its own run; the next run completes the deployment.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Fault } from './cloudflare.ts'
import { deploy, secretValues } from './deployment.ts'
import { assertComplete, assertSecrecy } from './expectations.ts'
import { openCloudflare } from './open.ts'

const places: [string, string, Fault['how'][]][] = [
  ['creating the KV namespace', 'POST /storage/kv/namespaces', ['lose']],
  ['creating a database', 'POST /d1/database', ['lose']],
  ['creating a queue', 'POST /queues', ['refuse']],
  ['uploading the Worker', 'PUT /workers/scripts/latchkey', ['refuse', 'lose']],
  ['setting the schedule', 'PUT /workers/scripts/latchkey/schedules', ['refuse']],
  ['migrating a database', 'POST /d1/database/[^/]+/query', ['refuse', 'lose']],
  ['setting BASE_URL', 'POST /workers/scripts/latchkey/versions', ['refuse']],
]

/** BRIEF=yes: only lost responses of the two riskiest calls. Each case takes half a minute of wrangler. */
const isBrief = process.env.BRIEF === 'yes'
const brief = ['uploading the Worker', 'migrating a database']

export function testFailures(): void {
  for (const [name, pattern, ways] of places) {
    if (isBrief && !brief.includes(name)) continue
    for (const how of isBrief ? (['lose'] as const) : ways) {
      it(`a second run completes the deployment after ${how === 'lose' ? 'a lost response' : 'an error'} while ${name}`, async (test) => {
        const cloudflare = await openCloudflare(test)
        let applied = false
        const at: Fault['at'] = ({ method, path, changes }) => {
          const applies = changes && new RegExp(`^${pattern}$`).test(`${method} ${path}`)
          applied ||= applies
          return applies
        }
        cloudflare.fault = { at, how }
        const first = await deploy(cloudflare)
        assert.ok(applied, 'the fault was applied')
        // Wrangler itself repeats some calls whose response was lost.
        if (how === 'refuse') assert.equal(first.code, 1, first.output)
        const before = secretValues(cloudflare)
        const second = await deploy(cloudflare)
        assert.equal(second.code, 0, `${first.output}\n\n${second.output}`)
        assertComplete(cloudflare)
        assertSecrecy(cloudflare, second)
        // The second run keeps the secrets of the first.
        assert.deepEqual({ ...secretValues(cloudflare), ...before }, secretValues(cloudflare))
      })
    }
  }
}
