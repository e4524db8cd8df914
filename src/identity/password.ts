// Hashes passwords as Better Auth does at sign-in: scrypt, 65 ms of CPU, so only after all cheaper checks.

export const minPasswordLength = 10
export const maxPasswordLength = 128

export async function hashPassword(password: string): Promise<string> {
  const crypto = await import('better-auth/crypto')
  return crypto.hashPassword(password)
}
