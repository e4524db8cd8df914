// `npm run permissions`: docs/permissions.md, drawn from what the routes declare. Prints it; what the
// routes really do is test/worker/permissions.test.ts.
import config from '../latchkey.config.ts'
import { createDocument } from '../src/http/openapi/document.ts'
import { callers, type Permission, permissionsOf } from '../src/http/openapi/permissions.ts'
import { createIsolate, systemClock } from '../src/worker/context.ts'

const document = createDocument(createIsolate(config, systemClock), 'https://keys.acme.test')
const permissions = permissionsOf(document, config.policies[config.gateway.policy] ?? [])

const sections: Record<Permission['section'], string> = {
  operations: `## Latchkey's own routes

They are described at \`/docs\` of a running Latchkey. An id of another account is \`404\` for everybody; what has no id
answers with the caller's own account. \`POST /api/setup\` takes the operator's secret in its body, and the id of an\ninvitation is its credential.`,
  people: `## People: \`/api/auth\`

Answered by Better Auth, and by session cookie only: a key or a JWT that is presented here counts as nothing. A path of
Better Auth that is not in this list answers \`404\` (\`src/http/management/people/auth-endpoints.ts\`). Who is let in may still be told no:
only an owner makes owners, an admin changes no owner, and the last owner stays ([the tests](../test/people.test.ts)).`,
  gateway: `## The gateway, as configured

From \`latchkey.config.ts\`. "yes" means that the request reaches the API behind. A path that is not listed is open to
full access only: to keys that inherit from an owner or an admin.`,
}

const header = `# Who may do what

Generated from the routes by \`npm run permissions\`: do not edit. \`npm run check\` fails when it is not current, and
\`test/worker/permissions.test.ts\` asks every route as every one of these and compares.

- **nobody**: no credential. **member**, **admin**, **owner**: signed in, by session cookie, to the account whose things
  are asked for. **owner of another account**: the same, elsewhere.
- **key that inherits**: a key without scopes of its own, made by the owner. The other two keys hold that one scope.
- **owner's JWT**: from \`GET /api/auth/token\`, as a Bearer token.
- \`401\` nothing was presented that counts here, \`403\` it counts and does not suffice, \`404\` it is not of that account.

A request that changes anything by a session cookie must come from a page of Latchkey's own origin; any other page gets
\`403\`, whoever is signed in. Beside these routes there are files, the same for everybody: the dashboard, \`/docs\`,
\`/docs/errors\`, \`/docs/style.css\` and \`/openapi.json\`.
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
  const head = row(['', 'for', ...Object.values(callers)])
  return [sections[section], '', head, row(['', '', ...names].map(() => '---')), ...lines].join(
    '\n',
  )
}

const tables = (Object.keys(sections) as Permission['section'][]).map(table)
console.log([header, ...tables].join('\n\n').replaceAll('\n\n\n', '\n\n'))
