import { type Role, roles } from '../api/people.ts'

export { roles }

export const roleName: Record<Role, string> = { owner: 'Owner', admin: 'Admin', member: 'Member' }

export const roleMeaning: Record<Role, string> = {
  owner: 'Everything, including other owners and keys that manage or verify keys',
  admin: 'Makes and revokes keys, invites and removes people',
  member: 'Sees everything, changes nothing',
}
