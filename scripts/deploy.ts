// `npm run deploy`: deploys Latchkey from a clone and a Cloudflare login, or upgrades it. Each step checks
// the deployed state first, so a run that failed can be repeated (docs/deploy.md).
import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildDashboard } from './dashboard.ts'
import { chooseAccount } from './deploy/account.ts'
import { applyPlan } from './deploy/apply-plan.ts'
import { readDeployed } from './deploy/deployed.ts'
import { devMailRefusal } from './deploy/environment.ts'
import { describePlan, originOf, readOptions, readPlan } from './deploy/plan.ts'
import { isInteractive, prompt } from './deploy/prompt.ts'
import { createWrangler } from './deploy/run-wrangler.ts'
import { missingSecrets, secretsFile } from './deploy/secrets.ts'
import { Refusal, root } from './settings.ts'

// Files with secrets are removed by `exit` handlers, which a signal alone does not run.
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
  const { environment } = plan
  const command = commandOf(environment)
  if (options.dryRun) return print(`${describePlan(plan)}\n\nNothing was done (--dry-run).`)
  print('Reading what is deployed.')
  const account = await chooseAccount(createWrangler(command, { environment }), plan.accountId)
  const wrangler = createWrangler(command, { environment, accountId: account.id })
  const deployed = await readDeployed(wrangler, plan)
  if (deployed.secrets.has('DEV_MAIL')) throw new Refusal(devMailRefusal)
  print(`${deployed.exists ? 'Upgrading' : 'Deploying'} ${plan.worker} in ${account.name}.`)

  const file = secretsFile(plan.worker, account.id)
  const missing = plan.secrets.filter((name) => !deployed.secrets.has(name))
  const secrets = await missingSecrets(missing, { file, generate: options.generate })
  const url = plan.url ?? deployed.url ?? (await promptUrl())
  buildDashboard()
  const { domain } = options
  const job = { plan, deployed, secrets, domain, url, print }
  const address = await applyPlan(wrangler, { ...job, secretsPath: `${file}.upload` })
  await waitUntilHealthy(address, options.waitSeconds)
  print(`Latchkey is at ${address} and runs the code of this clone.`)
  if (existsSync(file)) print(secretsNotice(file))
  if (!deployed.exists || existsSync(file)) print(nextSteps(address, environment))
}

function commandOf(environment: string | null): string {
  return environment === null ? 'npm run deploy' : `npm run deploy -- --env ${environment}`
}

async function promptUrl(): Promise<string | null> {
  if (!isInteractive()) return null
  const answer = await prompt(
    'Public address, like https://keys.example.com (Enter: workers.dev): ',
  )
  return answer === '' ? null : originOf(answer)
}

/** A new address can take Cloudflare some minutes, so no response in time is not a failure. */
async function waitUntilHealthy(address: string, seconds: number): Promise<void> {
  if (seconds === 0) return
  const deadline = Date.now() + seconds * 1000
  print(`Waiting for ${address}/healthz.`)
  for (;;) {
    const signal = AbortSignal.timeout(5_000)
    const response = await fetch(`${address}/healthz`, { signal }).catch(() => null)
    if (response?.ok) return print('Latchkey responds.')
    if (Date.now() > deadline) break
    await sleep(2_000)
  }
  print(
    `No response within ${seconds} s: a new address can take some minutes. Try ${address}/healthz.`,
  )
}

function secretsNotice(file: string): string {
  return `The generated secrets are in ${relative(root, file)}, readable only by you.
Cloudflare never shows them again: store them in your password manager, then delete the file.`
}

function nextSteps(address: string, environment: string | null): string {
  const option = environment === null ? '' : `--env ${environment} `
  return `Next steps:
1. Create the first owner, with SETUP_TOKEN, at ${address}/setup
2. To use your own domain: npm run deploy -- ${option}--domain keys.example.com
3. Sign in at ${address}, create a key, and try it:
   curl -H "X-API-Key: TOKEN" ${address}/api/v1/me`
}

function print(text: string): undefined {
  console.log(`\n${text}`)
}
