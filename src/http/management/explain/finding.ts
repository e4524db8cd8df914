// One check of an explanation: whether it passed, what was compared, and what would mend it.
import type { Check, RefusalCode } from './schema.ts'

export type Finding = Omit<Check, 'check'>

export function passed(detail: string): Finding {
  return { passed: true, code: null, detail, remedy: null }
}

export function failed(code: RefusalCode, detail: string, remedy: string): Finding {
  return { passed: false, code, detail, remedy }
}

export function unchecked(detail: string): Finding {
  return { passed: null, code: null, detail, remedy: null }
}
