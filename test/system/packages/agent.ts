// An agent: the official MCP client, and `latchkey mcp` as it is published, each in a process of its own.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { note } from '../../../packages/latchkey/src/mcp/untrusted.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { packed, run } from './tarball.ts'

export type Result = {
  isError?: boolean
  // biome-ignore lint/suspicious/noExplicitAny: assertions check its type
  structuredContent?: any
  content: { type: string; text: string }[]
}

type Program = { command: string; args: string[]; env: Record<string, string> }

export type Agents = {
  connect(env: Record<string, string>): Promise<Client>
  /** As the settings of an editor say it. */
  start(program: Program): Promise<Client>
  /** All that the programs of `connect` have written to stdout. */
  written(): string[]
  closeAll(): Promise<void>
  remove(): Promise<void>
}

export function installAgents(): Agents {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-mcp-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', packed()], folder)
  const logs: string[] = []
  const open: Client[] = []

  async function start({ command, args, env }: Program): Promise<Client> {
    // Without the credentials of whoever runs the tests.
    const own = { PATH: process.env.PATH ?? '', HOME: folder, ...env }
    const client = new Client({ name: 'test', version: '1' })
    const options = { command, args, cwd: folder, env: own, stderr: 'pipe' } as const
    await client.connect(new StdioClientTransport(options))
    open.push(client)
    return client
  }
  async function closeAll(): Promise<void> {
    await Promise.all(open.splice(0).map((client) => client.close()))
  }
  return {
    start,
    closeAll,
    connect(env) {
      const log = join(folder, `${logs.length}.log`)
      logs.push(log)
      const args = ['-c', 'node_modules/.bin/latchkey mcp | tee "$0"', log]
      return start({ command: 'bash', args, env })
    },
    written: () => logs.map((log) => readFileSync(log, 'utf8')),
    async remove() {
      await closeAll()
      removeFolder(folder)
    },
  }
}

export async function call(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Result> {
  return (await client.callTool({ name, arguments: args })) as Result
}

export function textOf({ content }: Result): string {
  return content.map(({ text }) => text).join('\n')
}

/** The data of an answer. @throws AssertionError for a refusal, and where structured content and text differ */
export async function dataOf(client: Client, name: string, args?: Record<string, unknown>) {
  const result = await call(client, name, args)
  ok(!result.isError, textOf(result))
  deepEqual(JSON.parse(result.content.at(-1)?.text ?? ''), result.structuredContent)
  equal(result.content[0]?.text, note)
  return result.structuredContent.data
}
