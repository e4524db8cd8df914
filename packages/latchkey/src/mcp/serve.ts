// The MCP server: tools that read, over stdio. It has no tool that changes anything, and none that takes or returns a token.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { z } from 'zod'
import manifest from '../../package.json' with { type: 'json' }
import { dataResult, failureResult } from './answers.ts'
import { addDocTools } from './doc-tools.ts'
import type { ReadText } from './docs.ts'
import { readOnly } from './read-only.ts'
import { type Ask, tools } from './tools.ts'
import { note } from './untrusted.ts'

export type Deployment = {
  url: string
  ask: Ask
  /** Of public paths. */
  readText: ReadText
}

const output = z.object({
  data: z.unknown().describe(note),
  next_cursor: z.string().nullable().optional().describe('null: this was the last page'),
})

export function createMcpServer({ url, ask, readText }: Deployment): McpServer {
  const server = new McpServer(
    { name: 'latchkey', title: 'Latchkey', version: manifest.version },
    { instructions: instructionsFor(url) },
  )
  for (const { name, title, description, input, run } of tools) {
    const config = {
      ...{ title, description: `${description} ${note}` },
      ...{ inputSchema: input, outputSchema: output, annotations: { title, ...readOnly } },
    }
    server.registerTool(name, config, async (args: Record<string, unknown>) => {
      try {
        return dataResult(await run(ask, args))
      } catch (error) {
        return failureResult(error)
      }
    })
  }
  addDocTools(server, readText)
  return server
}

/** Resolves once the client is gone. Nothing else may be written to stdout. */
export async function serveMcp(deployment: Deployment): Promise<void> {
  const server = createMcpServer(deployment)
  const ended = new Promise<void>((resolve) => {
    server.server.onclose = resolve
    process.stdin.once('end', resolve)
    process.stdin.once('close', resolve)
  })
  await server.connect(new StdioServerTransport())
  await ended
  await server.close()
}

function instructionsFor(url: string): string {
  return `Reads the API keys of the Latchkey deployment at ${url}: which keys there are, why a request is refused, usage, recent requests, audit events and the documentation. It changes nothing: where a change is needed, say which, and a person makes it in the dashboard or with the command line. It never shows a token; never ask a person for one. ${note}`
}
