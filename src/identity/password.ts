// Hashes passwords as Better Auth does at sign-in: scrypt, 65 ms of CPU, so only after all cheaper checks.

export const minPasswordLength = 10
export const maxPasswordLength = 128

/** What the trigger of migration 0030 says where a sign-in verified a password that has been replaced since. */
export const passwordReplaced = /the password was replaced/

export async function hashPassword(password: string): Promise<string> {
  const crypto = await import('better-auth/crypto')
  return crypto.hashPassword(password)
}
