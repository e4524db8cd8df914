// What a request that needs step-up is told. Apart from the refusals of keys, which are loaded at start.

/** By the credential of the person. */
export const stepUpDetails = {
  session: 'Prove that it is you with POST /api/auth/step-up, and repeat the request.',
  jwt: 'This needs a JWT from a sign-in within the last ten minutes (auth_time).',
} as const
