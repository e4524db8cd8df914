// Roles of people in an account, strongest first.

export const roles = ['owner', 'admin', 'member'] as const
export type Role = (typeof roles)[number]

/** The strongest role of what Better Auth stores, which may be a list: `admin,member`. */
export function strongestRole(stored: string | null): Role | null {
  const held = stored?.split(',').map((part) => part.trim()) ?? []
  return roles.find((role) => held.includes(role)) ?? null
}
