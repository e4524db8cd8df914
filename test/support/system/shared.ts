// The Latchkey that test files share, with the demo accounts; each test creates its own keys.
import { after } from 'node:test'
import { type Server, startLatchkey } from './launch.ts'

let own: Promise<Server> | null = null
after(async () => await (await own)?.stop())

/** Its URL. A file that runs without the global set-up starts one for itself. */
export async function sharedLatchkey(): Promise<string> {
  const broker = process.env.LATCHKEY_BROKER
  if (broker === undefined) {
    own ??= startLatchkey()
    return (await own).url
  }
  const response = await fetch(broker)
  const answer = await response.text()
  if (!response.ok) throw new Error(answer)
  return answer
}
