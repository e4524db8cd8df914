// The password that a request has verified through Better Auth, whatever its endpoint. Its salt goes with the session that
// the request begins, so that a trigger can refuse the session where the password has been replaced meanwhile.
import { hashPassword, verifyPassword } from 'better-auth/crypto'
import { cutAddress } from '../core/address.ts'
import { passwordHashOf } from '../storage/people-store.ts'

export const proofFields = {
  network: { type: 'string', required: false, input: false, returned: false },
  passwordSalt: { type: 'string', required: false, input: false, returned: false },
} as const

type PasswordProof = ReturnType<typeof createPasswordProof>

export function createPasswordProof(db: D1Database) {
  let passwordSalt: string | null = null
  return {
    /** Called where nobody has the address, so that it takes as long: of a known one the password is read too. */
    async hash(password: string): Promise<string> {
      await passwordHashOf(db, '')
      return hashPassword(password)
    },
    async verify({ hash, password }: { hash: string; password: string }): Promise<boolean> {
      const isRight = await verifyPassword({ hash, password })
      if (isRight) passwordSalt = hash.split(':', 1)[0] ?? null
      return isRight
    },
    /** What a new session holds of how it began. */
    fieldsOf({ ipAddress }: { ipAddress?: unknown }) {
      const network = cutAddress(typeof ipAddress === 'string' ? ipAddress : null)
      return { network, passwordSalt }
    },
  }
}

type Defaults<Data, Context> = (data: Data, context: Context) => Promise<{ data: object }>

/** The defaults of a new session, and what it holds of its proof. */
export function withProof<Data extends object, Context>(
  defaults: Defaults<Data, Context>,
  proof: PasswordProof,
) {
  return async (given: Data, context: Context) => {
    const { data } = await defaults(given, context)
    return { data: { ...data, ...proof.fieldsOf(given) } }
  }
}
