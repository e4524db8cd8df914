// The OpenAPI document, made from the routes, against Redocly's recommended rules, offline.
import { createConfig, lintFromString } from '@redocly/openapi-core'
import config from '../latchkey.config.ts'
import { createDocument } from '../src/http/openapi/document.ts'
import { createIsolate, systemClock } from '../src/worker/context.ts'

const document = createDocument(createIsolate(config, systemClock), 'https://keys.acme.test')
const rules = await createConfig({
  extends: ['recommended'],
  // Operations such as /healthz have no 4xx response. Each operation has a `default`.
  rules: { 'operation-4xx-response': 'off' },
})
const found = await lintFromString({ source: JSON.stringify(document), config: rules })

for (const { severity, ruleId, message, location } of found) {
  console.error(`${severity} ${ruleId} ${location[0]?.pointer ?? ''}: ${message}`)
}
if (found.length > 0) throw new Error(`The document has ${found.length} faults.`)
console.log(`The document has ${Object.keys(document.paths ?? {}).length} paths and no fault.`)
