// The props of the parts of the key form.
import type { ApiProblem } from '../api/problem.ts'
import type { KeyDraft } from './key-draft.ts'
import type { LimitDraft } from './limit-draft.ts'

export type FieldProps = {
  draft: KeyDraft
  set: (part: Partial<KeyDraft>) => void
  problem: ApiProblem | null
}

export type LimitFieldProps = {
  limits: LimitDraft
  setLimits: (part: Partial<LimitDraft>) => void
  error: string | undefined
}
