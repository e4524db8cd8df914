import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { latchkey } from './world.ts'

/** What `curl` gets for a token: the status of GET /api/v1/me or another path. */
export async function curl(token: string, path = '/api/v1/me'): Promise<number> {
  const url = (await latchkey()) + path
  const silent = ['--silent', '--output', '/dev/null', '--write-out', '%{http_code}']
  const { stdout } = await promisify(execFile)('curl', [
    ...silent,
    url,
    '-H',
    `X-API-Key: ${token}`,
  ])
  return Number(stdout)
}
