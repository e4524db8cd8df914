import { Button } from '@cloudflare/kumo/components/button'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { factorsQuery } from '../session/factor-api.ts'
import { CurrentPasswordField, NewPasswordField } from '../session/password-field.tsx'
import { Card } from '../ui/card.tsx'
import { Form } from '../ui/form.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { changePassword, sessionsQuery } from './api.ts'

/** Who signs in in other ways has none. */
export function PasswordCard() {
  const { data } = useQuery(factorsQuery)
  if (data?.password !== false) return <PasswordForm />
  return (
    <Card title="Password">
      <p className="text-base text-kumo-default">
        You have no password. To set one, sign out and follow “Forgot your password?”.
      </p>
    </Card>
  )
}

function PasswordForm() {
  const client = useQueryClient()
  // A new key empties the fields.
  const [formKey, setFormKey] = useState(0)
  const task = useTask(async (current: string, next: string) => {
    await changePassword(current, next)
    toast('Password changed. Your other sessions have ended.')
    setFormKey((key) => key + 1)
    await client.invalidateQueries({ queryKey: sessionsQuery.queryKey })
  })
  return (
    <Card title="Password" description="Changing your password ends all your other sessions.">
      <Form
        key={formKey}
        className="flex max-w-md flex-col gap-4"
        task={task}
        onFields={({ text }) => task.run(text('current'), text('password'))}
      >
        <ProblemBanner problem={task.problem} />
        <CurrentPasswordField label="Current password" name="current" />
        <NewPasswordField label="New password" problem={task.problem} />
        <div>
          <Button type="submit" variant="primary" loading={task.isPending}>
            Change password
          </Button>
        </div>
      </Form>
    </Card>
  )
}
