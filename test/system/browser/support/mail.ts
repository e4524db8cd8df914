// The mail of a Latchkey that keeps it (`mail: true`), as GET /dev/mail.json shows it.
import { setTimeout as sleep } from 'node:timers/promises'

type Mail = { subject: string; link: string | null }

/** The link of the newest message to an address whose subject matches: mail leaves after the answer. */
export async function mailedLink(url: string, to: string, subject: RegExp): Promise<string> {
  for (let tries = 0; tries < 120; tries++) {
    const response = await fetch(`${url}/dev/mail.json?to=${encodeURIComponent(to)}`)
    const { data } = (await response.json()) as { data: Mail[] }
    const link = data.find((mail) => subject.test(mail.subject))?.link
    if (link) return link
    await sleep(250)
  }
  throw new Error(`No mail to ${to} matches ${subject} within 30 seconds.`)
}
