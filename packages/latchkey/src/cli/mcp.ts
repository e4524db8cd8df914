// latchkey mcp: tools for agents, over stdin and stdout, all of which only read (docs/agents.md).
import { deploymentUrl } from '../deployment-url.ts'
import { errorOf, ownFailure } from '../error.ts'
import { searchOf } from '../pages.ts'
import { command, connectionArgs } from './command.ts'
import { connect } from './connection.ts'

const { url, account } = connectionArgs

export default command({
  args: { url, account },
  async run(args) {
    const { url, request } = connect(args)
    const { serveMcp } = await import('../mcp/serve.ts')
    await serveMcp({
      url,
      ask(path, { query = {}, post } = {}) {
        if (post !== undefined) return request('POST', path, { json: post, onlyReads: true })
        return request('GET', path + searchOf(query as Record<string, unknown>))
      },
      readText: (path) => readText(deploymentUrl(url)(path)),
    })
  },
})

const timeoutMs = 20_000

/** Of a public path: no credential is sent. @throws LatchkeyError */
async function readText(url: URL): Promise<string> {
  const unreachable = (cause: unknown) => {
    throw ownFailure('unreachable', `${url.origin} cannot be reached.`, cause)
  }
  const init: RequestInit = { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) }
  const response = await fetch(url, init).catch(unreachable)
  if (!response.ok) throw errorOf(response, null)
  return response.text().catch(unreachable)
}
