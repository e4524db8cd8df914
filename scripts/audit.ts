// `npx node scripts/audit.ts`: fails on known vulnerabilities of the deployed dependencies, high or worse. Without an
// audit report (offline, a registry without the endpoint) it prints that, and does not fail.
import { spawnSync } from 'node:child_process'

type Vulnerability = {
  name: string
  severity: string
  range: string
  via: (string | { title: string })[]
}
type Report = { auditReportVersion?: number; vulnerabilities?: Record<string, Vulnerability> }

const fatal = ['high', 'critical']

const { stdout, error } = spawnSync('npm audit --omit=dev --json', {
  shell: true,
  encoding: 'utf8',
  timeout: 60_000,
})
const report = parse(stdout)
if (report?.auditReportVersion === undefined) {
  console.log(
    `Not audited: the registry returned no audit report. ${error?.message ?? stdout.slice(0, 300)}`,
  )
} else {
  const found = Object.values(report.vulnerabilities ?? {})
  for (const { name, range, severity, via } of found) {
    const titles = via.map((cause) => (typeof cause === 'string' ? `by ${cause}` : cause.title))
    console.log(`${severity}: ${name} ${range}: ${titles.join('; ')}`)
  }
  const bad = found.filter(({ severity }) => fatal.includes(severity))
  console.log(`Audited: ${found.length} known, ${bad.length} of them high or critical.`)
  if (bad.length > 0) process.exitCode = 1
}

function parse(text: string): Report | null {
  try {
    return JSON.parse(text) as Report
  } catch {
    return null
  }
}
