import { Button } from '@cloudflare/kumo/components/button'
import { Input } from '@cloudflare/kumo/components/input'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { people } from '../api/people.ts'
import { PasswordField } from '../session/password-field.tsx'
import { Card } from '../ui/card.tsx'
import { submitted } from '../ui/handle-submit.ts'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { useAnnounce } from '../ui/use-toast.ts'
import { sessionsQuery } from './api.ts'

export function PasswordForm() {
  const client = useQueryClient()
  const announce = useAnnounce()
  const [formKey, setFormKey] = useState(0)
  const task = useTask(async (current: string, chosen: string) => {
    await people.changePassword(current, chosen)
    announce('Your password is changed, and you are signed out everywhere else')
    setFormKey((key) => key + 1)
    await client.invalidateQueries({ queryKey: sessionsQuery.queryKey })
  })
  return (
    <Card title="Password" description="Changing it signs you out everywhere else.">
      <form
        key={formKey}
        className="flex max-w-md flex-col gap-4"
        onSubmit={submitted(({ text }) => task.run(text('current'), text('password')))}
      >
        <ProblemBanner problem={task.problem} />
        <Input
          label="Present password"
          name="current"
          type="password"
          autoComplete="current-password"
          required
        />
        <PasswordField label="New password" problem={task.problem} />
        <div>
          <Button type="submit" variant="primary" loading={task.isPending}>
            Change the password
          </Button>
        </div>
      </form>
    </Card>
  )
}
