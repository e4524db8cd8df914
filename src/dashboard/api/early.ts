// Answers that boot.js asked for before the app was there. Each serves once, and soon: later ones are asked for anew.

const maxAgeMs = 10_000

const { earlyAnswers: answers } = globalThis as { earlyAnswers?: Map<string, Promise<Response>> }

/** Those that no request has taken yet. */
export const earlyPaths = (): string[] => [...(answers?.keys() ?? [])]

export function earlyAnswer(path: string, method: string): Promise<Response> | null {
  // What changes something, or begins a session, makes them old.
  if (method !== 'GET') answers?.clear()
  const answer = method === 'GET' && performance.now() < maxAgeMs ? answers?.get(path) : undefined
  answers?.delete(path)
  return answer ?? null
}

const storageName = 'early'

/** The account for which boot.js asks at the next visit; null when the session is over, since each answer would be a 401. */
export function askEarly(account: string | null): void {
  try {
    if (account === null) localStorage.removeItem(storageName)
    else localStorage.setItem(storageName, account)
  } catch {
    // Storage may be blocked: the app then asks.
  }
}
