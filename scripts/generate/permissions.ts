// docs/permissions.md, generated from the security declarations of the routes.
// test/worker/permissions.test.ts compares the table with the answers of the routes.
import config from '../../latchkey.config.ts'
import { createDocument } from '../../src/http/openapi/document.ts'
import { managerPermissionsOf } from '../../src/http/openapi/manager-permissions.ts'
import { type SituationName, situations } from '../../src/http/openapi/manager-situations.ts'
import { callers, type Permission, permissionsOf } from '../../src/http/openapi/permissions.ts'
import { createIsolate, systemClock } from '../../src/worker/context.ts'
import testConfig from '../../test/support/latchkey.config.ts'

const isolate = createIsolate(config, systemClock)
// Its situations name scopes that a deployer may have removed; test/worker/manager-permissions.test.ts has the same.
const ofTests = createIsolate(testConfig, systemClock)
const document = createDocument(isolate, 'https://keys.acme.test')
const permissions = permissionsOf(document, config.policies[config.gateway.policy]?.routes ?? [])

const sections: Record<Permission['section'], string> = {
  operations: `## Latchkey's own routes

They are documented at \`/docs\` of a running Latchkey. An id of another account answers \`404\`; a route without an id uses the
caller's own account. \`POST /api/setup\` takes the operator's secret in its body, and the id of an invitation is its credential.`,
  people: `## People: \`/api/auth\`

Better Auth answers these routes. They accept a session cookie only: alone, a key or a JWT is no credential there, and beside a cookie it is
refused with \`403\`. A path of Better Auth that is not listed answers \`404\` (\`src/http/management/people/auth-endpoints.ts\`). Further rules
apply to a permitted caller: only an owner creates owners, an admin cannot change an owner, and the last owner cannot leave ([the tests](../test/worker/people.test.ts)).`,
  gateway: `## The gateway, as configured

From \`latchkey.config.ts\`. "yes" means that the request is forwarded to the API. A path that is not listed requires full access,
for example a key that inherits from an owner or an admin.`,
}

const header = `# Who may call which operation?

Generated from the routes by \`npm run generate\`: do not edit. \`npm run check\` fails if it is not current, and
\`test/worker/permissions.test.ts\` calls every route as each of these callers and compares the answers with the table.

- **${callers.anonymous}**: no credential. **member**, **admin**, **owner**: signed in by session cookie to the account that owns the
  data. **owner of another account**: signed in to a different account.
- **${callers.guest}**: a member who is signed in to an account that they own, and names this one by \`Latchkey-Account\`.
- **${callers.suspended}**: signed in to that account, whose data they ask for. The gateway refuses their JWT with \`403\`.
- **${callers.platformOwner}**, **${callers.platformAdmin}**: signed in to the account that operates the deployment. They are members of no other.
- **key that inherits**: a key without scopes of its own, created by the owner. The other keys have the named scope only.
- **${callers.platformKey}**: a key of the platform that names the account that owns the data by \`Latchkey-Account\`.
- **owner's JWT**: from \`GET /api/auth/token\`, as a Bearer token.
- **step-up**: the session or the JWT proved its person within the last ten minutes, else \`403 step_up_required\` to everyone whom
  the table permits: by \`POST /api/auth/step-up\`, or a JWT from a fresh sign-in. The table shows proved callers.
- \`401\`: no credential that this route accepts. \`403\`: the credential does not permit it. \`404\`: the data belongs to another
  account.

A change by session cookie must come from a page of Latchkey's own origin; a request from another origin answers \`403\` for
every session. Static files are public: the dashboard, \`/docs\`, \`/docs/errors\`, \`/docs/style.css\` and \`/openapi.json\`.
`

const names = Object.keys(callers) as (keyof typeof callers)[]

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function table(section: Permission['section']): string {
  const lines = permissions
    .filter((each) => each.section === section)
    .map(({ method, path, who, cells }) =>
      row([`\`${method} ${path}\``, who, ...names.map((name) => String(cells[name]))]),
    )
  const head = row(['', 'permitted for', ...Object.values(callers)])
  return [sections[section], '', head, row(['', '', ...names].map(() => '---')), ...lines].join(
    '\n',
  )
}

const ofManagers = `## What a key with \`keys:manage\` may do, by bound

To another key of its account that is within or beyond a bound of its \`may_grant\` ([what each bound
means](decisions/0014-powers-of-managing-keys.md)); \`with {}\` is a \`may_grant\` without bounds. \`404\`: the key does not read it, as if there were
no such key. \`no\`: the list or the bulk call leaves it out, which \`missing\` says. \`401\`: a disabled key calls nothing.
\`test/worker/manager-permissions.test.ts\` checks every cell.`

function managerTable(): string {
  const columns = Object.keys(situations) as SituationName[]
  const lines = managerPermissionsOf(document, ofTests).map(({ call, cells }) => {
    const operation = call.operation.replace(/([A-Z]+ )?\/\S+$/, (named) => `\`${named}\``)
    const name = call.does === undefined ? operation : `${operation} ${call.does}`
    return row([name, ...columns.map((column) => String(cells[column]))])
  })
  const head = row(['', ...columns.map((column) => situations[column].heading)])
  return [ofManagers, '', head, row(['', ...columns].map(() => '---')), ...lines].join('\n')
}

export function renderPermissions(): string {
  const tables = (Object.keys(sections) as Permission['section'][]).map(table)
  tables.splice(1, 0, managerTable())
  return `${[header, ...tables].join('\n\n').replaceAll('\n\n\n', '\n\n')}\n`
}
