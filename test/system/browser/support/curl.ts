import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { latchkey } from './shared.ts'

/** The status that `curl` receives with a token. */
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
