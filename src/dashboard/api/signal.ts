/** Tells whoever listens. */
export function createSignal<Message = void>() {
  const listeners = new Set<(message: Message) => void>()
  return {
    emit(message: Message): void {
      for (const listener of [...listeners]) listener(message)
    },
    /** @returns a function that ends it */
    on(listener: (message: Message) => void): () => void {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
