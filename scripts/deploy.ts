// `npm run deploy`: from a clone and a Cloudflare login to a Latchkey that runs, or from one version to
// the next. Each step looks at what is there, so a run that failed is simply repeated (docs/deploy.md).
import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildDashboard } from './dashboard.ts'
import { chooseAccount } from './deploy/account.ts'
import { ask, isInteractive } from './deploy/ask.ts'
import { readDeployed } from './deploy/deployed.ts'
import { describePlan, originOf, readOptions, readPlan } from './deploy/plan.ts'
import { putUp } from './deploy/put-up.ts'
import { createWrangler } from './deploy/run-wrangler.ts'
import { missingSecrets, secretsFile } from './deploy/secrets.ts'
import { Refusal, root } from './settings.ts'

const command = 'npm run deploy'

// The files with secrets are removed on every exit, and a signal alone would be none.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(130))
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error)
  process.exitCode = 1
}

async function main(): Promise<void> {
  process.chdir(root)
  const options = readOptions(process.argv.slice(2))
  const plan = readPlan(options)
  if (options.dryRun) return say(`${describePlan(plan)}\n\nNothing was done (--dry-run).`)
  say('Looking at what is there.')
  const account = await chooseAccount(createWrangler(command), plan.accountId)
  const wrangler = createWrangler(command, { CLOUDFLARE_ACCOUNT_ID: account.id })
  const deployed = await readDeployed(wrangler, plan)
  say(`${deployed.exists ? 'Upgrading' : 'Deploying'} ${plan.worker} in ${account.name}.`)

  const file = secretsFile(plan.worker, account.id)
  const missing = plan.secrets.filter((name) => !deployed.secrets.has(name))
  const secrets = await missingSecrets(missing, { file, generate: options.generate })
  const url = plan.url ?? deployed.url ?? (await askUrl())
  buildDashboard()
  const { domain } = options
  const job = { plan, deployed, secrets, domain, url, say }
  const address = await putUp(wrangler, { ...job, secretsPath: `${file}.upload` })
  await untilItAnswers(address, options.waitSeconds)
  say(`Latchkey is at ${address} and runs what is in this clone.`)
  if (existsSync(file)) say(whereTheSecretsAre(file))
  if (!deployed.exists || existsSync(file)) say(whatIsNext(address))
}

async function askUrl(): Promise<string | null> {
  if (!isInteractive()) return null
  const answer = await ask('Public address, like https://keys.example.com (Enter: workers.dev): ')
  return answer === '' ? null : originOf(answer)
}

/** A new address takes Cloudflare a while; that it does not answer yet is no failure. */
async function untilItAnswers(address: string, seconds: number): Promise<void> {
  if (seconds === 0) return
  const deadline = Date.now() + seconds * 1000
  say(`Waiting for ${address} to answer.`)
  for (;;) {
    const signal = AbortSignal.timeout(5_000)
    const response = await fetch(`${address}/healthz`, { signal }).catch(() => null)
    if (response?.ok) return say('It answers.')
    if (Date.now() > deadline) break
    await sleep(2_000)
  }
  say(`No answer within ${seconds} s: a new address can take some minutes. Try ${address}/healthz.`)
}

function whereTheSecretsAre(file: string): string {
  return `The secrets that were made are in ${relative(root, file)}, which only you can read.
Cloudflare never shows them again: put them into your password manager, then delete the file.`
}

function whatIsNext(address: string): string {
  return `What is next:
1. Make the first owner, with SETUP_TOKEN, at ${address}/setup
2. An address of your own: npm run deploy -- --domain keys.example.com
3. Sign in at ${address}, make a key, and try it:
   curl -H "X-API-Key: TOKEN" ${address}/api/v1/me`
}

function say(text: string): undefined {
  console.log(`\n${text}`)
}
