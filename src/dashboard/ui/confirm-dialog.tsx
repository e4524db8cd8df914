// A destructive action that needs a name to be typed first.
import { Input } from '@cloudflare/kumo/components/input'
import { useState } from 'react'
import { FormDialog, type FormDialogProps } from './form-dialog.tsx'

type Props = Omit<FormDialogProps, 'isDestructive' | 'isReady'> & { expected: string }

export function ConfirmDialog({ expected, children, ...props }: Props) {
  const [text, setText] = useState('')
  return (
    <FormDialog {...props} isDestructive isReady={asRead(text) === asRead(expected)}>
      {children}
      <Input
        label={
          <>
            Type <strong className="font-mono break-all">{expected}</strong> to confirm
          </>
        }
        value={text}
        onValueChange={setText}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        disabled={props.task.isPending}
        passwordManagerIgnore
      />
    </FormDialog>
  )
}

/** White space as a page shows it: nobody can see that a name has two spaces. */
const asRead = (text: string) => text.trim().replaceAll(/\s+/g, ' ')
