// `npm run lint:openapi`: makes the OpenAPI document from the routes and holds it to Redocly's
// recommended rules, offline.
import { createConfig, lintFromString } from '@redocly/openapi-core'
import config from '../latchkey.config.ts'
import { createDocument } from '../src/http/docs/document.ts'
import { createIsolate, systemClock } from '../src/http/wiring.ts'

const document = createDocument(createIsolate(config, systemClock), 'http://localhost:8787')
const rules = await createConfig({ extends: ['recommended'] })
const found = await lintFromString({ source: JSON.stringify(document), config: rules })

for (const { severity, ruleId, message, location } of found) {
  console.error(`${severity} ${ruleId} ${location[0]?.pointer ?? ''}: ${message}`)
}
if (found.length > 0) process.exit(1)
console.log(`The document has ${Object.keys(document.paths ?? {}).length} paths and no fault.`)
