// What a raise concerns: a digest, or a group of accounts. A change of many keys raises the group of their account,
// with one row a fence however many keys there are, and makes one account in 4,096 read its keys once more as well.

/** `@` and the first three hex letters of the account's id, which is a random UUID that the server draws. */
export function groupOf(accountId: string): string {
  return `@${accountId.slice(0, 3)}`
}

export function isGroup(subject: string): boolean {
  return subject.startsWith('@')
}
