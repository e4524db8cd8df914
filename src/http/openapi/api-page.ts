// /docs: the OpenAPI document for people to read.
import { html, raw } from 'hono/html'
import { escapeToBuffer, type StringBuffer } from 'hono/utils/html'
import { type Document, eventsOf, type Operation, operationsOf } from './document.ts'
import { type Html, markdown, pageResponse } from './page.ts'
import { nameMarks, schemaText } from './schema-text.ts'

type Placed = ReturnType<typeof operationsOf>[number]

export function apiPage(document: Document): Promise<Response> {
  const operations = operationsOf(document)
  const groups = (document.tags ?? []).map(({ name, description = '' }) => ({
    name,
    description,
    operations: operations.filter(({ operation }) => operation.tags?.includes(name)),
  }))
  const events = eventsOf(document)
  const schemas = Object.entries(document.components?.schemas ?? {})
  const navigation = html`${groups.map(
    ({ name, operations }) =>
      html`<h2>${name}</h2><ul>${operations.map(
        ({ operation }) =>
          html`<li><a href="#${operation.operationId}">${operation.operationId}</a></li>`,
      )}</ul>`,
  )}<h2>Events</h2><ul>${events.map(
    ({ type, operation }) => html`<li><a href="#${operation.operationId}">${type}</a></li>`,
  )}</ul><h2>Schemas</h2><ul>${schemas.map(
    ([name]) => html`<li><a href="#schema-${name}">${name}</a></li>`,
  )}</ul>`
  const main = html`${markdown(document.info.description ?? '')}${groups.map(
    ({ name, description, operations }) =>
      html`<section><h2>${name}</h2>${markdown(description)}${operations.map(operationHtml)}</section>`,
  )}<section><h2>Events</h2><p>Requests that Latchkey sends to webhook endpoints.</p>${events.map(
    eventHtml,
  )}</section><section><h2>Schemas</h2>${schemas.map(
    ([name, schema]) =>
      html`<article id="schema-${name}"><h3>${name}</h3>${typeHtml(schema)}</article>`,
  )}</section>`
  return pageResponse(document.info.title, navigation, main)
}

function operationHtml({ path, method, operation }: Placed): Html {
  const { operationId, summary = '', description = '' } = operation
  return html`<article id="${operationId}">
<h3><span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code></h3>
<div class="summary">${markdown(summary)}</div>${description === '' ? '' : markdown(description)}
<p class="callers">Called by: ${callersOf(operation)}</p>
${parametersHtml(operation)}${bodyHtml(operation)}${responsesHtml(operation)}
</article>`
}

function eventHtml({ type, operation }: ReturnType<typeof eventsOf>[number]): Html {
  return html`<article id="${operation.operationId}">
<h3><span class="method post">POST</span> <code>${type}</code></h3>
<div class="summary">${markdown(operation.summary ?? '')}</div>
${parametersHtml(operation)}${bodyHtml(operation)}
</article>`
}

const callers: Record<string, string> = {
  apiKey: 'a key (X-API-Key)',
  bearerKey: 'a key (Bearer)',
  basicKey: 'a key (Basic)',
  jwt: 'a person (JWT)',
  session: 'a person (session cookie)',
  setupToken: 'the operator (Bearer SETUP_TOKEN)',
  githubSignature: 'GitHub (signature)',
}

function callersOf({ security = [] }: Operation): string {
  const names = security.flatMap((requirement) => Object.entries(requirement))
  if (names.length === 0) return 'anyone'
  return names.map(([name, needs]) => [callers[name] ?? name, ...needs].join(' ')).join(', ')
}

function parametersHtml({ parameters = [] }: Operation): Html | string {
  const listed = parameters.flatMap((parameter) => ('name' in parameter ? [parameter] : []))
  if (listed.length === 0) return ''
  return html`<h4>Parameters</h4><table>${listed.map(
    ({ name, in: place, required, schema, description }) =>
      html`<tr><th scope="row"><code>${name}</code></th><td>${place}${required ? '' : ', optional'}</td><td>${schemaText(schema)}${description ? `: ${description}` : noteOf(schema)}</td></tr>`,
  )}</table>`
}

function noteOf(schema: unknown): string {
  const { description } = (schema ?? {}) as { description?: string }
  return description === undefined ? '' : `: ${description}`
}

function bodyHtml({ requestBody }: Operation): Html | string {
  if (requestBody === undefined || !('content' in requestBody)) return ''
  return html`<h4>Body</h4>${contentHtml(requestBody.content)}`
}

type Content = Record<string, { schema?: unknown }>

function contentHtml(content: Content = {}): Html[] {
  return Object.entries(content).map(([type, { schema }]) =>
    type === 'application/json' ? typeHtml(schema) : html`<p>${type}</p>${typeHtml(schema)}`,
  )
}

function responsesHtml({ responses = {} }: Operation): Html {
  const all = Object.entries(
    responses as Record<string, { description: string; content?: Content }>,
  )
  const good = all.filter(([status]) => status.startsWith('2'))
  const bad = all.filter(([status]) => !status.startsWith('2') && status !== 'default')
  return html`${good.map(
    ([status, { description, content }]) =>
      html`<h4><span class="status">${status}</span> ${description}</h4>${contentHtml(content)}`,
  )}<h4>Failures, as a <a href="#schema-Problem">Problem</a></h4><table>${bad.map(
    ([status, { description }]) =>
      html`<tr><th scope="row">${status}</th><td>${markdown(description)}</td></tr>`,
  )}</table>`
}

/** Names of components become links; everything else is escaped. */
function typeHtml(schema: unknown): Html {
  const buffer: StringBuffer = ['']
  escapeToBuffer(schemaText(schema), buffer)
  const [open, close] = nameMarks
  const text = String(buffer[0]).replace(
    new RegExp(`${open}(\\w+)${close}`, 'g'),
    '<a href="#schema-$1">$1</a>',
  )
  return html`<pre>${raw(text)}</pre>`
}
