// The second step of a sign-in: a passkey, a code of the authenticator app, or a recovery code.
import { Button } from '@cloudflare/kumo/components/button'
import { FingerprintIcon } from '@phosphor-icons/react'
import { type ReactNode, useState } from 'react'
import type { ApiProblem } from '../api/problem.ts'
import { Form } from '../ui/form.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { type Task, useTask } from '../ui/use-task.ts'
import { CodeField, RecoveryCodeField, wrongCode } from './code-field.tsx'
import {
  type CodeProof,
  completeSignIn,
  completeSignInByPasskey,
  type FactorKind,
} from './factor-api.ts'
import { SignInLayout, WideButton } from './sign-in-layout.tsx'
import { useSessionChanges } from './use-session-changes.ts'

type Props = { awaits: readonly [FactorKind, ...FactorKind[]]; next: string }

const texts: Record<FactorKind, { description: string; other: string }> = {
  passkey: {
    description: 'Use one of your passkeys to complete the sign-in.',
    other: 'Use a passkey',
  },
  totp: {
    description: 'Enter the code that your authenticator app shows now.',
    other: 'Use your authenticator app',
  },
  recovery_code: {
    description: 'Enter one of the codes that you stored when you added your second factor.',
    other: 'Use a recovery code',
  },
}

export default function FactorStep({ awaits, next }: Props) {
  const { enter, signOut } = useSessionChanges()
  const leaving = useTask(signOut)
  return (
    <SignInLayout title="Confirm it is you">
      <Proofs awaits={awaits} onDone={() => enter(next)}>
        <Button
          variant="ghost"
          className="w-full justify-center"
          loading={leaving.isPending}
          onClick={() => leaving.run()}
        >
          Sign in as somebody else
        </Button>
      </Proofs>
      <ProblemBanner problem={leaving.problem} />
    </SignInLayout>
  )
}

type ProofsProps = { awaits: Props['awaits']; onDone: () => Promise<unknown>; children?: ReactNode }

/** One proof, and the other ones to choose from, before `children`. */
export function Proofs({ awaits, onDone, children }: ProofsProps) {
  const [kind, setKind] = useState<FactorKind>(awaits[0])
  const others = awaits.filter((other) => other !== kind)
  return (
    <>
      <p className="text-base text-kumo-subtle">{texts[kind].description}</p>
      <Proof key={kind} kind={kind} onDone={onDone} />
      {(others.length > 0 || children) && (
        <div className="flex flex-col gap-1 border-t border-kumo-hairline pt-4">
          {others.map((other) => (
            <Button
              key={other}
              variant="ghost"
              className="w-full justify-center"
              onClick={() => setKind(other)}
            >
              {texts[other].other}
            </Button>
          ))}
          {children}
        </div>
      )}
    </>
  )
}

function Proof({ kind, onDone }: Pick<ProofsProps, 'onDone'> & { kind: FactorKind }) {
  const byPasskey = useTask(() => completeSignInByPasskey().then(onDone))
  const byCode = useTask((proof: CodeProof) => completeSignIn(proof).then(onDone))
  switch (kind) {
    case 'passkey':
      return (
        <>
          <Problem problem={byPasskey.problem} />
          <WideButton
            icon={FingerprintIcon}
            isPending={byPasskey.isPending}
            onClick={() => byPasskey.run()}
          >
            Use passkey
          </WideButton>
        </>
      )
    case 'totp':
      return <CodeForm task={byCode} field={CodeField} proofOf={(code) => ({ code })} />
    case 'recovery_code':
      return (
        <CodeForm
          task={byCode}
          field={RecoveryCodeField}
          proofOf={(code) => ({ recovery_code: code })}
        />
      )
  }
}

type FormProps = {
  task: Task<[CodeProof], unknown>
  field: typeof CodeField
  proofOf: (code: string) => CodeProof
}

function CodeForm({ task, field: Field, proofOf }: FormProps) {
  const isWrong = task.problem?.code === 'forbidden'
  return (
    <Form task={task} onFields={({ trimmed }) => task.run(proofOf(trimmed('code')))}>
      <Field error={isWrong ? wrongCode : undefined} isPending={task.isPending} />
      <Problem problem={isWrong ? null : task.problem} />
      <WideButton isPending={task.isPending}>Continue</WideButton>
    </Form>
  )
}

/** The sign-in is over after ten minutes. */
function Problem({ problem }: { problem: ApiProblem | null }) {
  const { signOut } = useSessionChanges()
  return (
    <>
      <ProblemBanner problem={problem} />
      {problem?.status === 401 && <Button onClick={() => signOut()}>Sign in again</Button>}
    </>
  )
}
