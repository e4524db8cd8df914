// Asks for the password of the signed-in user, before what a stolen session must not suffice for.
import { FormDialog } from '../ui/form-dialog.tsx'
import { TextInput } from '../ui/text-input.tsx'
import { useTask } from '../ui/use-task.ts'
import { stepUp } from './api.ts'

export default function StepUpDialog({ onClose }: { onClose: (isProved: boolean) => void }) {
  const task = useTask(stepUp)
  const isWrong = task.problem?.code === 'forbidden'
  const confirm = async (password: string) => {
    if ((await task.run(password)) !== null) onClose(true)
  }
  return (
    <FormDialog
      title="Confirm it is you"
      submit="Confirm"
      task={{ isPending: task.isPending, problem: isWrong ? null : task.problem }}
      onSubmit={({ text }) => confirm(text('password'))}
      onClose={() => onClose(false)}
    >
      <p>You signed in more than ten minutes ago. Enter your password to go on.</p>
      <TextInput
        label="Your password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        autoFocus
        disabled={task.isPending}
        error={isWrong ? task.problem?.message : undefined}
      />
    </FormDialog>
  )
}
