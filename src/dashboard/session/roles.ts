/** The most powerful first. */
export const roles = ['owner', 'admin', 'member'] as const
export type Role = (typeof roles)[number]

export const isAtLeast = (role: Role, weakest: Role) =>
  roles.indexOf(role) <= roles.indexOf(weakest)

export const roleName: Record<Role, string> = { owner: 'Owner', admin: 'Admin', member: 'Member' }

export const roleDescription: Record<Role, string> = {
  owner: 'Full access, including owners and keys that manage or verify other keys',
  admin: 'Creates and revokes keys, invites and removes members',
  member: 'Sees keys, webhooks, members and the audit log; changes only their own profile',
}
