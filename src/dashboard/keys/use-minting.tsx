// A request for a token, and what follows it: the token, shown once, or where its answer was lost, another one.
import { useState } from 'react'
import { useHoldPage } from '../ui/held-page.ts'
import { lazyDialog } from '../ui/lazy-dialog.tsx'
import { type Task, useTask } from '../ui/use-task.ts'
import type { MintedKey } from './api.ts'
import { TokenDialog } from './token-dialog.tsx'

const LostTokenDialog = lazyDialog(() => import('./lost-token-dialog.tsx'))

type Options = {
  /** The key was made: nothing of its form is left to do. */
  onMade?: () => void
  /** The token was stored, or is not wanted. */
  onStored: (id: string) => void
  hintOf?: (minted: MintedKey) => string | undefined
}

export function useMinting<Args extends unknown[]>(
  mint: (...args: Args) => Promise<{ data: MintedKey }>,
  { onMade, onStored, hintOf }: Options,
) {
  const task: Task<Args, { data: MintedKey }> = useTask(mint)
  const [minted, setMinted] = useState<{ key: MintedKey; hint: string | undefined } | null>(null)
  // From the request on: its answer would be lost, too.
  useHoldPage(task.isPending || minted !== null)
  const lostId = task.problem?.keyId ?? null
  const made = (key: MintedKey, hint: string | undefined) => {
    setMinted({ key, hint })
    onMade?.()
  }
  const dialog =
    minted !== null ? (
      <TokenDialog
        minted={minted.key}
        hint={minted.hint}
        onStored={() => {
          setMinted(null)
          onStored(minted.key.id)
        }}
      />
    ) : (
      lostId !== null && (
        <LostTokenDialog
          keyId={lostId}
          onReplaced={(key) => made(key, 'The token that was lost no longer works.')}
          onClose={onStored}
        />
      )
    )
  return {
    isPending: task.isPending,
    problem: lostId === null ? task.problem : null,
    forget: task.forget,
    /** Once the key was made: in the place of the form, or over it. */
    dialog: dialog || null,
    async run(...args: Args): Promise<void> {
      const done = await task.run(...args)
      if (done !== null) made(done.result.data, hintOf?.(done.result.data))
    },
  }
}
