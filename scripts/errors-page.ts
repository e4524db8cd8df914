// `npm run docs:errors`: docs/errors.md from the codes and their texts. `--check` says whether it is current.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ProblemCode, problems } from '../src/contract/problems.ts'
import { problemTexts } from '../src/http/openapi/problem-texts.ts'

const path = join(import.meta.dirname, '..', 'docs', 'errors.md')

const rows = Object.entries(problems).map(([code, [status, title]]) => {
  const { meaning, remedy } = problemTexts[code as ProblemCode]
  return `| <a id="${code}"></a>\`${code}\` | ${status} | ${title}. ${meaning} | ${remedy} |`
})

const page = `# What does this error mean, and what do I do?

Every failure is \`application/problem+json\` (RFC 9457) with \`type\`, \`title\`, \`status\`, \`detail\`, \`code\` and \`request_id\`; a body that is not
valid has \`errors\`, which name the fields. Decide by \`code\`: it is stable. A running Latchkey shows this page at \`/docs/errors\`.

| code | status | meaning | what to do |
|---|---|---|---|
${rows.join('\n')}

429 and 503 carry \`Retry-After\` (seconds). A 503 is never a refusal: do not throw the key away.

This page is written by \`npm run docs:errors\`.
`

if (!process.argv.includes('--check')) writeFileSync(path, page)
else if (readFileSync(path, 'utf8') !== page) {
  console.error('docs/errors.md is not current: npm run docs:errors')
  process.exitCode = 1
}
