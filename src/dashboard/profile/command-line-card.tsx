// Copies a sign-in token for `latchkey login --token`: for who has a passkey or signs in with a provider, for which no terminal
// can ask. It is shown nowhere.
import { Button } from '@cloudflare/kumo/components/button'
import { CopyIcon } from '@phosphor-icons/react'
import { useState } from 'react'
import { Card } from '../ui/card.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { signInToken } from './sign-in-token.ts'

type State = 'idle' | 'copied' | 'failed'

const text: Record<State, string> = {
  idle: 'Whoever has the token acts as you for up to 15 minutes: paste it into your terminal only.',
  copied: 'Copied. Paste it into your terminal within ten minutes.',
  failed: 'Your browser did not let the page copy. Press the button once more.',
}

export function CommandLineCard() {
  const [state, setState] = useState<State>('idle')
  const task = useTask(async () => {
    setState('idle')
    const token = await signInToken()
    if (token === null) return
    await navigator.clipboard.writeText(token).then(
      () => setState('copied'),
      () => setState('failed'),
    )
  })
  return (
    <Card title="Command line" description="Signs latchkey login --token in as you.">
      <div className="flex flex-col items-start gap-3">
        <ProblemBanner problem={task.problem} />
        <p className="text-base break-words text-kumo-default" role="status">
          {text[state]}
        </p>
        <Button icon={CopyIcon} loading={task.isPending} onClick={() => task.run()}>
          Copy sign-in token
        </Button>
      </div>
    </Card>
  )
}
