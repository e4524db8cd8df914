// The roles of people in an account.

/** Strongest first. */

export const roles = ['owner', 'admin', 'member'] as const
export type Role = (typeof roles)[number]

export function isRole(name: string): name is Role {
  return (roles as readonly string[]).includes(name)
}

/** What a person with the role, or a key that inherits from them, may do at the API. */
export type RolePowers = {
  /** `all` is full access: every scope except the reserved ones, and paths that no route lists. */
  scopes: 'all' | readonly string[]
}

/** The strongest role in what Better Auth stores, which may be a list: `admin,member`. */
export function strongestRole(stored: string | null): Role | null {
  const held = stored?.split(',').map((part) => part.trim()) ?? []
  return roles.find((role) => held.includes(role)) ?? null
}
