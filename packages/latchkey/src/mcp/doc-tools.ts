// The tools that read the documentation of the deployment.
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { failureResult } from './answers.ts'
import { createDocs, type ReadText } from './docs.ts'
import { readOnly } from './read-only.ts'

const section = { page: z.string(), title: z.string(), text: z.string() }

export function addDocTools(server: McpServer, readText: ReadText): void {
  const docs = createDocs(readText)
  server.registerTool(
    'search_docs',
    {
      title: 'Search the documentation',
      description: 'Sections of the documentation of this Latchkey deployment, best match first.',
      inputSchema: z.strictObject({
        query: z.string().min(1).max(200),
        limit: z.int().min(1).max(20).optional().describe('Sections, 5 if left out'),
      }),
      outputSchema: z.object({ sections: z.array(z.object({ ...section, heading: z.string() })) }),
      annotations: readOnly,
    },
    async ({ query, limit = 5 }) => {
      const sections = await docs.search(query, limit).catch(failureResult)
      return 'isError' in sections ? (sections as CallToolResult) : result({ sections })
    },
  )
  server.registerTool(
    'read_doc',
    {
      title: 'Read a page of the documentation',
      description: 'A page in Markdown, by the name that search_docs gives, such as limits.',
      inputSchema: z.strictObject({ page: z.string().min(1).max(200) }),
      outputSchema: z.object(section),
      annotations: readOnly,
    },
    async ({ page }) => {
      try {
        const found = await docs.read(page)
        if (found !== null) return result(found)
        const pages = (await docs.pages()).join(', ')
        return failureResult(new Error(`There is no such page. There are: ${pages}`))
      } catch (error) {
        return failureResult(error)
      }
    },
  )
}

function result(structuredContent: Record<string, unknown>): CallToolResult {
  return { structuredContent, content: [{ type: 'text', text: JSON.stringify(structuredContent) }] }
}
