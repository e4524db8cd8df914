// How a session was signed in, or a person proved who they are, in words.

const names: Record<string, string> = {
  password: 'password',
  passkey: 'passkey',
  totp: 'authenticator app',
  recovery_code: 'recovery code',
  github: 'GitHub',
  google: 'Google',
}

/** `password+totp`: "password and authenticator app". */
export function signedInWithText(methods: string): string {
  const named = methods.split('+').map((method) => names[method] ?? method.replace(/^oidc:/, ''))
  return named.join(' and ')
}
