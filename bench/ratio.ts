// For CI: what a verification in memory may cost, as a share of what a Worker costs that verifies nothing. Processor time of
// workerd, both in one process and by turns, so that neither the machine nor what else it does decides; loosely, since no
// machine of CI is quiet.
import { startDeployment } from './support/deployment.ts'
import { fireHere } from './support/load.ts'
import { processorMs } from './support/process.ts'
import { planRows, type Row } from './support/rows.ts'
import { leastFifth } from './support/statistics.ts'
import { signIn } from './support/tenant.ts'

const least = 0.5
const attempts = 3
const rounds = 5

const deployment = await startDeployment()
let ratio = 0
try {
  const rows = await planRows(await signIn(deployment.at('latchkey'), deployment.password), {})
  const me = rows.find(({ name }) => name === 'me: in memory, view running') as Row
  const bare = rows.find(({ name }) => name === me.against) as Row
  for (const row of [bare, me]) await costOf(row)
  for (let attempt = 0; attempt < attempts && !(ratio >= least); attempt++) {
    const costs: [number, number][] = []
    for (let round = 0; round < rounds; round++) costs.push([await costOf(bare), await costOf(me)])
    ratio = leastFifth(costs.map(([own]) => own)) / leastFifth(costs.map(([, own]) => own))
    console.log(
      `A verification in memory: ${ratio.toFixed(2)} of a bare Hono GET, at least ${least}.`,
    )
  }
} finally {
  await deployment.stop()
}
if (deployment.pid !== null && !(ratio >= least)) process.exit(1)

/** Processor time of one request, in ms. */
async function costOf({ socket, path, shots, status }: Row): Promise<number> {
  const before = processorMs(deployment.pid)
  const load = { url: deployment.at(socket) + path, shots, connections: 8, seconds: 1 }
  const { requests, refused } = await fireHere(load)
  if (refused > 0) throw new Error(`${socket}${path}: ${refused} of ${requests} are no ${status}.`)
  return (processorMs(deployment.pid) - before) / requests
}
