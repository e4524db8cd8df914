// Opens the dialog of step-up when a request needs it.
import { stepUp } from '../api/questions.ts'
import { lazyDialog } from '../ui/lazy-dialog.tsx'
import { useQuestion } from './use-question.ts'

const StepUpDialog = lazyDialog(() => import('./step-up-dialog.tsx'))

export function StepUp() {
  const close = useQuestion(stepUp)
  return close && <StepUpDialog onClose={close} />
}
