// latchkey doctor: checks a deployment, and says what is wrong and what mends it.
import { command, connectionArgs } from '../command.ts'
import { connect, deploymentOf } from '../connection.ts'
import { CliError, exitCodes } from '../exit.ts'
import { progress } from '../progress.ts'
import { type Column, tableOf } from '../table.ts'
import { printJson, say } from '../terminal.ts'
import { plural } from '../text.ts'
import { type Check, skipped } from './check.ts'
import { checkDeployment } from './deployment.ts'
import { probe } from './probe.ts'

const colours = { ok: 'green', warning: 'yellow', failed: 'red', skipped: 'dim' } as const
const columns: readonly Column<Check>[] = [
  { title: 'check', of: ({ check }) => check },
  { title: 'result', of: ({ result }) => result, colour: ({ result }) => colours[result] },
  { title: 'detail', of: ({ detail }) => detail },
]

export default command({
  args: connectionArgs,
  async run(args) {
    const url = deploymentOf(args)
    const shown = progress()
    shown.show(`Checking ${url}`)
    const { checks, isReached, skewMs } = await checkDeployment(url)
    if (isReached) {
      shown.show('Following a key from its creation to its refusal')
      checks.push(...(await checkKey(args, skewMs)))
    }
    shown.clear()
    const wrong = checks.filter(({ result }) => result === 'failed')
    if (args.json) printJson({ url, healthy: wrong.length === 0, checks })
    else report(checks, wrong.length)
    if (wrong.length > 0) process.exitCode = exitCodes.refused
  },
})

async function checkKey(args: Parameters<typeof connect>[0], skewMs: number): Promise<Check[]> {
  try {
    return await probe(connect(args), skewMs)
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== exitCodes.notSignedIn) throw error
    return [
      skipped('key', 'Nobody is signed in, so no key was created and revoked.', 'latchkey login'),
    ]
  }
}

function report(checks: readonly Check[], wrong: number): void {
  tableOf(columns)(checks)
  for (const { check, mend } of checks) if (mend !== null) say(`${check}: ${mend}`)
  say(wrong === 0 ? 'Nothing is wrong.' : `${plural(wrong, 'check')} failed.`)
}
