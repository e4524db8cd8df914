// Roles of people in an account, strongest first.

export const roles = ['owner', 'admin', 'member'] as const
export type Role = (typeof roles)[number]

/** What a person of a role may do at the API, and what a key that inherits from them may do. */
export type RolePowers = {
  /** `all` is full access: every scope but the reserved ones, and paths that no route names. */
  scopes: 'all' | readonly string[]
}

/** The strongest role of what Better Auth stores, which may be a list: `admin,member`. */
export function strongestRole(stored: string | null): Role | null {
  const held = stored?.split(',').map((part) => part.trim()) ?? []
  return roles.find((role) => held.includes(role)) ?? null
}
