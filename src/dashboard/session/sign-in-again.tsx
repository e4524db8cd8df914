// Opens sign-in over the page when its session has ended. What the page shows, and what was typed into it, stays.
import { signInAgain } from '../api/questions.ts'
import { lazyDialog } from '../ui/lazy-dialog.tsx'
import type { User } from './api.ts'
import { useQuestion } from './use-question.ts'

const SignInAgainDialog = lazyDialog(() => import('./sign-in-again-dialog.tsx'))

export function SignInAgain({ user }: { user: User }) {
  const close = useQuestion(signInAgain)
  return close && <SignInAgainDialog user={user} onClose={close} />
}
