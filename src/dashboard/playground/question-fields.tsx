// Which key, and which request.
import { Select } from '@cloudflare/kumo/components/select'
import type { ApiProblem } from '../api/problem.ts'
import { useEnvironments } from '../keys/environment.tsx'
import { KeyPicker } from '../keys/key-picker.tsx'
import { Segmented } from '../ui/segmented.tsx'
import { TextInput } from '../ui/text-input.tsx'
import { type Fields, methods, subjects } from './question.ts'

type Props = {
  fields: Fields
  set: (part: Partial<Fields>) => void
  problem: ApiProblem | null
}

export function SubjectFields({ fields, set, problem, error }: Props & { error: boolean }) {
  const isToken = fields.subject === 'A token'
  return (
    <div className="flex flex-col gap-3">
      <Segmented
        legend="With a key or a token"
        names={subjects}
        value={fields.subject}
        onChange={(subject) => set({ subject })}
      />
      {isToken ? (
        <TextInput
          label="Token"
          type="password"
          description="It is sent to Latchkey and kept nowhere: not in the address, not in this browser, not in a log."
          className="w-full"
          autoComplete="off"
          spellCheck={false}
          passwordManagerIgnore
          value={fields.token}
          onValueChange={(token) => set({ token })}
          error={error ? 'Paste a token' : problem?.of('token')}
        />
      ) : (
        <div>
          <KeyPicker
            label="Key"
            placeholder="Name, prefix or external ID"
            id={fields.keyId || null}
            onChange={(keyId) => set({ keyId: keyId ?? '' })}
            error={error ? 'Choose a key' : problem?.of('key_id')}
          />
        </div>
      )}
    </div>
  )
}

const plain = { className: 'w-full font-mono', autoComplete: 'off', spellCheck: false } as const

export function TargetFields({ fields, set, problem }: Props) {
  return (
    <div className="flex flex-wrap items-start gap-3">
      <Select
        label="Method"
        className="w-28"
        value={fields.method}
        onValueChange={(method) => set({ method: method ?? 'GET' })}
        items={Object.fromEntries(methods.map((method) => [method, method]))}
      />
      <div className="min-w-0 flex-1 basis-48">
        <TextInput
          {...plain}
          label="Path"
          placeholder="/api/contacts/42"
          description="Of a request to the gateway, without its query. Empty: one that your own service verifies."
          value={fields.path}
          onValueChange={(path) => set({ path })}
          error={problem?.of('path') ?? problem?.of('method')}
        />
      </div>
    </div>
  )
}

export function ConditionFields({ fields, set, problem }: Props) {
  const environments = useEnvironments()
  const isVerified = fields.path.trim() === ''
  return (
    <>
      <TextInput
        {...plain}
        label="Address of the client"
        placeholder="203.0.113.7"
        value={fields.ip}
        onValueChange={(ip) => set({ ip })}
        error={problem?.of('ip')}
      />
      <Select
        label="Environment"
        className="w-full"
        value={fields.environment || 'needed'}
        onValueChange={(next) => set({ environment: !next || next === 'needed' ? '' : next })}
        items={{
          needed: isVerified ? 'Not named: live' : 'As the policy says',
          ...Object.fromEntries(environments.map((name) => [name, name])),
          any: 'Any',
        }}
      />
      <TextInput
        {...plain}
        label="Scopes"
        placeholder="contacts:read"
        description={
          isVerified ? 'What your service asks for.' : 'What your API asks for beside the policy.'
        }
        value={fields.scopes}
        onValueChange={(scopes) => set({ scopes })}
        error={problem?.of('scopes')}
      />
    </>
  )
}
