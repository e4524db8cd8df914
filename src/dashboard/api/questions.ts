// Connects requests that need the person with the dialogs that ask for them.

/** Resolves with whether the person did what was asked. */
type Ask = () => Promise<boolean>

function createQuestion() {
  let registered: Ask | null = null
  let asking: Promise<boolean> | null = null
  let doneAtMs = Number.NEGATIVE_INFINITY
  return {
    /** @returns a function that unregisters it */
    register(ask: Ask): () => void {
      registered = ask
      return () => {
        if (registered === ask) registered = null
      }
    },
    /**
     * Requests at the same time share one dialog. False where no page asks.
     * @param sentAtMs of the request: what it lacked may have been done while it was on its way
     */
    async ask(sentAtMs: number): Promise<boolean> {
      if (doneAtMs >= sentAtMs) return true
      asking ??= registered?.() ?? null
      const isDone = (await asking) ?? false
      asking = null
      if (isDone) doneAtMs = Date.now()
      return isDone
    },
  }
}

/** To prove the person of the session again. */
export const stepUp = createQuestion()

/** To begin another session, where that of the page has ended. */
export const signInAgain = createQuestion()
