// Accounts whose owners require a second factor: who has none reads nothing and changes nothing there, and can enrol one.
/** Also told by Better Auth's endpoints (account-factor.ts), which this file does not load. */
export const requiredFactorDetail =
  'This account requires a second factor, and you have none: enrol a passkey or an authenticator app in your profile.'
