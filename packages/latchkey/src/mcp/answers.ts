// The results of tools: an answer of Latchkey as structured content and as text, or why there is none.
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { type ProblemCode, problems } from '../../../../src/contract/problems.ts'
import { LatchkeyError } from '../error.ts'
import { marked, note, plainText } from './untrusted.ts'

export type Body = { data: unknown; next_cursor?: string | null }

/** An answer of the API. */
export function dataResult({ data, next_cursor }: Body): CallToolResult {
  const structuredContent = {
    data: marked(data),
    ...(next_cursor !== undefined && { next_cursor: cursorText(next_cursor) }),
  }
  return {
    structuredContent,
    content: [
      { type: 'text', text: note },
      { type: 'text', text: JSON.stringify(structuredContent) },
    ],
  }
}

/** A cursor is opaque, and long enough to look like a token. */
function cursorText(cursor: string | null): string | null {
  return cursor === null || /^[\w-]+={0,2}$/.test(cursor) ? cursor : plainText(cursor)
}

/** A refusal in words, so that the agent can correct its call or ask its person. @throws what is no refusal */
export function failureResult(error: unknown): CallToolResult {
  const lines = linesOf(error)
  return { isError: true, content: [{ type: 'text', text: lines.map(plainText).join('\n') }] }
}

function linesOf(error: unknown): string[] {
  if (!(error instanceof LatchkeyError)) {
    // What the client refuses without a request, or what the command line says of its credentials.
    return [error instanceof Error ? error.message : 'The call failed.']
  }
  const { code, detail, errors, httpStatus, requestId, retryAfterSeconds } = error
  const title = Object.hasOwn(problems, code) ? problems[code as ProblemCode][1] : 'No answer'
  const lines = [`${title} (${code}): ${detail}`]
  for (const { path, message } of errors) lines.push(`${path || 'request'}: ${message}`)
  if (httpStatus === 401 || httpStatus === 403) lines.push(permissions)
  if (retryAfterSeconds !== null) lines.push(`Ask again in ${Math.ceil(retryAfterSeconds)} s.`)
  if (requestId !== null) lines.push(`request ${requestId}`)
  return lines
}

const permissions =
  'The credential of this server cannot do this. A person chooses another one: `latchkey login`, LATCHKEY_KEY or LATCHKEY_JWT.'
