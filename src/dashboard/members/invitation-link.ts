import type { Invitation } from '../api/people.ts'

export function linkOf({ id }: Pick<Invitation, 'id'>): string {
  return `${location.origin}/invitations/${id}`
}
