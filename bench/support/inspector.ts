// A CPU profile of one Worker by workerd's inspector (Chrome DevTools Protocol, Profiler domain).

export type Profile = {
  nodes: {
    id: number
    callFrame: { functionName: string; url: string; lineNumber: number }
    children?: number[]
  }[]
  samples: number[]
  timeDeltas: number[]
}

/** Records while the work runs. */
export async function profile(
  port: number,
  worker: string,
  work: () => Promise<unknown>,
): Promise<Profile> {
  const socket = new WebSocket(await addressOf(port, worker))
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true })
    socket.addEventListener('error', reject, { once: true })
  })
  const call = caller(socket)
  await call('Profiler.enable')
  await call('Profiler.setSamplingInterval', { interval: 100 })
  await call('Profiler.start')
  await work()
  const { profile } = (await call('Profiler.stop')) as { profile: Profile }
  socket.close()
  return profile
}

async function addressOf(port: number, worker: string): Promise<string> {
  const list = await fetch(`http://127.0.0.1:${port}/json`)
  const targets = (await list.json()) as { id: string; webSocketDebuggerUrl: string }[]
  const target = targets.find(({ id }) => id.includes(worker))
  if (target === undefined) throw new Error(`The inspector has no target ${worker}.`)
  return target.webSocketDebuggerUrl
}

function caller(socket: WebSocket) {
  const waiting = new Map<number, (result: unknown) => void>()
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown }
    if (id !== undefined) waiting.get(id)?.(result)
  })
  let last = 0
  return (method: string, params: object = {}) =>
    new Promise<unknown>((resolve) => {
      last += 1
      waiting.set(last, resolve)
      socket.send(JSON.stringify({ id: last, method, params }))
    })
}
