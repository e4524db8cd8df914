// Connects requests that need a recent proof of the person with the dialog that asks for it.

/** Resolves with whether the person was proved. */
type Prover = () => Promise<boolean>

let prover: Prover | null = null
let proving: Promise<boolean> | null = null

/** @returns a function that unregisters it */
export function registerProver(next: Prover): () => void {
  prover = next
  return () => {
    if (prover === next) prover = null
  }
}

/** Requests at the same time share one dialog. */
export async function provePerson(): Promise<boolean> {
  proving ??= prover?.() ?? null
  const isProved = (await proving) ?? false
  proving = null
  return isProved
}
