// Checks that the port is free, before anything else, since it takes a millisecond.
import { connect, createServer } from 'node:net'
import { Refusal } from './settings.ts'

const loopbacks = ['127.0.0.1', '::1']

export async function assertPortIsFree(port: number): Promise<void> {
  for (const host of loopbacks) {
    const code = await bindingError(port, host)
    if (code === 'EACCES') throw new Refusal(`Port ${port} needs more privileges. ${advice(port)}`)
    if (code === 'EADDRINUSE') throw new Refusal(`Port ${port} is taken. ${advice(port)}`)
  }
  // macOS lets a loopback address be bound while another program holds the port on all addresses.
  if (await isListening(port)) throw new Refusal(`Port ${port} is taken. ${advice(port)}`)
}

export async function isListening(port: number): Promise<boolean> {
  const accepted = await Promise.all(loopbacks.map((host) => accepts(port, host)))
  return accepted.includes(true)
}

function advice(port: number): string {
  return `Choose another, for example: PORT=${port === 65_535 ? 8787 : port + 1} npm start`
}

/** Any other error (a machine without IPv6) is ignored by the caller. */
function bindingError(port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? null))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)))
  })
}

function accepts(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 500 })
    const answer = (accepted: boolean) => {
      socket.destroy()
      resolve(accepted)
    }
    socket.once('connect', () => answer(true))
    socket.once('timeout', () => answer(false))
    socket.once('error', () => answer(false))
  })
}
